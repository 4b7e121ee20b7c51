/* SPDX-License-Identifier: Apache-2.0 */
#ifndef ENCLAVE_INIT_NETWORK_H
#define ENCLAVE_INIT_NETWORK_H

#include "enclave/init/init_options.h"

/* The one network device, with the address of the measured command line and nothing from anybody else: no DHCP, no IPv6, no redirects, no answers to pings. ERR_SYSTEM. */
ERR_MUST_USE enum err init_network_open(const struct init_options *o, struct err_note *note);

#endif
