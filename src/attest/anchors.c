/* SPDX-License-Identifier: Apache-2.0 */
#include "attest/anchors.h"

/*
 * Digests of the certificates that these keys stand in (SHA-256 of the DER):
 *   ARK-Milan  69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd
 *   ARK-Genoa  4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1
 *   ARK-Turin  1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a
 *
 * Models from AMD's processor programming references; Bergamo and Siena (19h, A0h to AFh) are certified under ARK-Genoa.
 * TCB_VERSION from document 56860, section "TCB_VERSION".
 */
static const struct snp_product products[] = {
    {
        .name = "Milan",
        .ark_spki = {0x9f, 0x05, 0x6b, 0xee, 0x44, 0x37, 0x7e, 0x29, 0x30, 0x8c, 0xb5,
                     0xff, 0xa8, 0x95, 0xbd, 0xfb, 0x62, 0xd1, 0x88, 0x81, 0xfa, 0x6b,
                     0xed, 0x8d, 0x6f, 0x07, 0x5b, 0x02, 0x04, 0x08, 0x9c, 0xb9},
        .family = 0x19,
        .model_count = 1,
        .models = {{0x00, 0x0f}},
        .tcb = {SNP_COMPONENT_NONE, 0, 1, 6, 7},
        .chip_id_size = 64,
        .broken = true, /* arXiv 2605.12990 */
    },
    {
        .name = "Genoa",
        .ark_spki = {0x42, 0x9a, 0x69, 0xc9, 0x42, 0x2a, 0xa2, 0x58, 0xee, 0x4d, 0x8d,
                     0xb5, 0xfc, 0xda, 0x9c, 0x64, 0x70, 0xef, 0x15, 0xf8, 0xcd, 0x5a,
                     0x9c, 0xeb, 0xd6, 0xcb, 0xc7, 0xd9, 0x0b, 0x86, 0x38, 0x31},
        .family = 0x19,
        .model_count = 2,
        .models = {{0x10, 0x1f}, {0xa0, 0xaf}},
        .tcb = {SNP_COMPONENT_NONE, 0, 1, 6, 7},
        .chip_id_size = 64,
    },
    {
        .name = "Turin",
        .ark_spki = {0x4f, 0x12, 0x54, 0x10, 0x56, 0x3a, 0x2a, 0xb9, 0xa5, 0x03, 0x56,
                     0xf9, 0x24, 0x3f, 0x6f, 0xe0, 0xb6, 0xf7, 0x3d, 0xe9, 0x86, 0x03,
                     0xf5, 0x3f, 0x90, 0x33, 0x9c, 0x70, 0xe9, 0xd7, 0xad, 0x08},
        .family = 0x1a,
        .model_count = 1,
        .models = {{0x00, 0x11}},
        .tcb = {0, 1, 2, 3, 7},
        .chip_id_size = 8,
    },
};

enum { PRODUCT_COUNT = sizeof products / sizeof *products };

const struct snp_product *anchors_snp_by_name(struct bytes name)
{
    for (size_t i = 0; i < PRODUCT_COUNT; i++)
        if (bytes_is_str(name, products[i].name))
            return &products[i];
    return NULL;
}

const struct snp_product *anchors_snp_by_cpuid(uint8_t family, uint8_t model)
{
    for (size_t i = 0; i < PRODUCT_COUNT; i++)
        for (size_t m = 0; m < products[i].model_count; m++)
            if (family == products[i].family && model >= products[i].models[m].first &&
                model <= products[i].models[m].last)
                return &products[i];
    return NULL;
}

const char *anchors_snp_component_name(enum snp_component c)
{
    static const char *const names[SNP_COMPONENT_COUNT] = {"FMC", "boot loader", "TEE", "SNP firmware",
                                                           "microcode"};
    return names[c];
}
