/* SPDX-License-Identifier: Apache-2.0 */
#include "launch/tdx_event.h"

#include "crypto/crypto.h"
#include "launch/guid.h"

enum err tdx_event_add(struct tdx_events *events, unsigned rtmr, const char *name,
                       const uint8_t digest[static TDX_DIGEST_SIZE])
{
    if (events->count == TDX_EVENTS_MAX)
        return ERR_NO_SPACE;
    struct tdx_event *event = &events->at[events->count++];
    event->rtmr = rtmr;
    event->name = name;
    memcpy(event->digest, digest, TDX_DIGEST_SIZE);
    return ERR_OK;
}

enum err tdx_event_of(struct tdx_events *events, unsigned rtmr, const char *name, struct bytes data)
{
    uint8_t digest[TDX_DIGEST_SIZE];
    enum err e = crypto_hash_parts(CRYPTO_SHA384, &data, 1, digest);
    return e == ERR_OK ? tdx_event_add(events, rtmr, name, digest) : e;
}

enum err tdx_event_separator(struct tdx_events *events, unsigned rtmr)
{
    static const uint8_t zero[4];
    return tdx_event_of(events, rtmr, "separator", bytes_of(zero, sizeof zero));
}

void tdx_event_put_text(struct writer *w, const char *ascii)
{
    for (const char *c = ascii; *c != '\0'; c++)
        writer_u16le(w, (uint16_t)(unsigned char)*c);
}

void tdx_event_put_guid(struct writer *w, const char *text)
{
    uint8_t guid[GUID_SIZE];
    guid_of(text, guid);
    writer_bytes(w, bytes_of(guid, sizeof guid));
}
