/* SPDX-License-Identifier: Apache-2.0 */
/* Intel TDX: quotes signed by a quoting enclave, and what Intel would say of the platform. */
#include <stdlib.h>

#include "base/encoding.h"
#include "evidence/simulated_tdx.h"
#include "simulator/keeping.h"
#include "simulator/platform.h"

struct tdx {
    struct platform base; /* first: the two share their address */
    struct simulated_tdx *chain;
    uint64_t attributes; /* of the TD */
};

static const struct tdx *tdx_of(const struct platform *p)
{
    return (const struct tdx *)p;
}

/* ---- the chain ---- */

static enum err chain_make(int64_t now, void **chain)
{
    struct simulated_tdx *made;
    enum err e = simulated_tdx_new(now, &made);
    *chain = made;
    return e;
}

static enum err chain_read(struct bytes text, void **chain)
{
    struct simulated_tdx *read;
    enum err e = simulated_tdx_read(text, &read);
    *chain = read;
    return e;
}

static enum err chain_write(void *chain, char *text, size_t size, size_t *len)
{
    return simulated_tdx_write(chain, text, size, len);
}

static void chain_release(void *chain)
{
    simulated_tdx_free(chain);
}

static const struct keeping kept = {"chain-tdx.pem", chain_make, chain_read, chain_write, chain_release};

static void tdx_close(struct platform *p)
{
    struct tdx *t = (struct tdx *)p;
    simulated_tdx_free(t->chain);
    free(t);
}

static enum err tdx_open(const char *directory, int64_t now, struct platform **p, struct err_note *note)
{
    void *chain = NULL;
    struct tdx *t = calloc(1, sizeof *t);
    if (t == NULL)
        return ERR_MEMORY;
    enum err e = keeping_open(&kept, directory, now, &chain, note);
    t->chain = chain;
    if (e == ERR_OK)
        e = simulated_tdx_collateral(t->chain, now);
    if (e != ERR_OK) {
        tdx_close(&t->base);
        return e;
    }
    t->attributes = t->chain->body.attributes;
    *p = &t->base;
    return ERR_OK;
}

static const struct simulated_der *tdx_root(const struct platform *p)
{
    return &tdx_of(p)->chain->root_der;
}

static void tdx_allow_debug(struct platform *p)
{
    ((struct tdx *)p)->attributes |= 1ULL << TDX_DEBUG;
}

static bool tdx_allows_debug(const struct platform *p)
{
    return (tdx_of(p)->attributes >> TDX_DEBUG & 1) != 0;
}

static const char *tdx_product(const struct platform *p)
{
    (void)p;
    return "TDX";
}

static void tdx_describe(const struct platform *p, json_t *object)
{
    const struct pck *pck = &tdx_of(p)->chain->pck;
    char ppid[ENCODING_HEX_SIZE(PCK_PPID_SIZE)];
    char fmspc[ENCODING_HEX_SIZE(PCK_FMSPC_SIZE)];
    encoding_hex(bytes_of(pck->ppid, sizeof pck->ppid), ppid);
    encoding_hex(bytes_of(pck->fmspc, sizeof pck->fmspc), fmspc);
    (void)json_object_set_new(object, "fmspc", json_string(fmspc));
    (void)json_object_set_new(object, "ppid", json_string(ppid));
}

/* ---- quotes ---- */

/* The registers in the order in which launch/simulated.h measures them: MRTD, then the RTMRs. */
static enum err tdx_evidence(const struct platform *p,
                             const uint8_t report_data[static SIMULATED_WIRE_DATA_SIZE],
                             struct writer *evidence, struct writer *endorsements)
{
    const struct tdx *t = tdx_of(p);
    const struct launch_register *registers = p->launched.at;
    struct tdx_body body = t->chain->body;
    body.attributes = t->attributes;
    memcpy(body.mrtd, registers[0].value, sizeof body.mrtd);
    for (size_t i = 0; i < TDX_RTMR_COUNT; i++)
        memcpy(body.rtmr[i], registers[1 + i].value, sizeof body.rtmr[i]);
    memcpy(body.report_data, report_data, sizeof body.report_data);
    writer_bytes(endorsements, bytes_of(t->chain->collateral_text, t->chain->collateral_len));
    return simulated_tdx_quote(t->chain, &body, evidence->start, evidence->size, &evidence->used);
}

const struct platform_kind platform_tdx = {
    .name = "tdx",
    .json = "tdx",
    .wire = SIMULATED_PLATFORM_TDX,
    .open = tdx_open,
    .close = tdx_close,
    .root = tdx_root,
    .allow_debug = tdx_allow_debug,
    .allows_debug = tdx_allows_debug,
    .product = tdx_product,
    .describe = tdx_describe,
    .evidence = tdx_evidence,
};
