/* SPDX-License-Identifier: Apache-2.0 */
#include "enclave/init/init_network.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "enclave/init/init_system.h"

static const char device[] = "eth0";

static const struct {
    const char *path;
    const char *value;
    bool optional; /* ipv6.disable=1 takes its settings away */
} settings[] = {
    {"/proc/sys/net/ipv6/conf/all/disable_ipv6", "1", true},
    {"/proc/sys/net/ipv6/conf/default/disable_ipv6", "1", true},
    {"/proc/sys/net/ipv4/icmp_echo_ignore_all", "1", false},
    {"/proc/sys/net/ipv4/ip_forward", "0", false},
    {"/proc/sys/net/ipv4/tcp_syncookies", "1", false},
    {"/proc/sys/net/ipv4/conf/all/accept_redirects", "0", false},
    {"/proc/sys/net/ipv4/conf/eth0/accept_redirects", "0", false},
    {"/proc/sys/net/ipv4/conf/all/accept_source_route", "0", false},
    {"/proc/sys/net/ipv4/conf/all/send_redirects", "0", false},
    {"/proc/sys/net/ipv4/conf/all/rp_filter", "1", false},
    {"/proc/sys/net/ipv4/conf/all/arp_ignore", "1", false},
};

static struct sockaddr *ipv4(struct sockaddr *to, const uint8_t address[static INIT_IPV4_SIZE])
{
    struct sockaddr_in in = {.sin_family = AF_INET};
    memcpy(&in.sin_addr, address, INIT_IPV4_SIZE);
    memcpy(to, &in, sizeof in);
    return to;
}

static enum err interface_set(int fd, const struct init_options *o, struct err_note *note)
{
    struct ifreq r = {0};
    uint32_t bits = htonl(UINT32_MAX << (32 - o->prefix));
    uint8_t mask[INIT_IPV4_SIZE];
    memcpy(mask, &bits, sizeof mask);
    memcpy(r.ifr_name, device, sizeof device);
    (void)ipv4(&r.ifr_addr, o->address);
    if (ioctl(fd, SIOCSIFADDR, &r) != 0)
        return init_failed(note, "the address");
    (void)ipv4(&r.ifr_netmask, mask);
    if (ioctl(fd, SIOCSIFNETMASK, &r) != 0)
        return init_failed(note, "the network's size");
    r.ifr_flags = IFF_UP;
    return ioctl(fd, SIOCSIFFLAGS, &r) == 0 ? ERR_OK : init_failed(note, device);
}

static enum err gateway_set(int fd, const struct init_options *o, struct err_note *note)
{
    static const uint8_t any[INIT_IPV4_SIZE];
    struct rtentry r = {.rt_flags = RTF_UP | RTF_GATEWAY};
    (void)ipv4(&r.rt_dst, any);
    (void)ipv4(&r.rt_genmask, any);
    (void)ipv4(&r.rt_gateway, o->gateway);
    return ioctl(fd, SIOCADDRT, &r) == 0 ? ERR_OK : init_failed(note, "the gateway");
}

enum err init_network_open(const struct init_options *o, struct err_note *note)
{
    enum err e = ERR_OK;
    for (size_t i = 0; e == ERR_OK && i < sizeof settings / sizeof *settings; i++)
        if (!settings[i].optional || access(settings[i].path, F_OK) == 0)
            e = init_file_write(settings[i].path, settings[i].value, note);
    if (e != ERR_OK)
        return e;
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return init_failed(note, "a socket");
    e = interface_set(fd, o, note);
    if (e == ERR_OK && o->has_gateway)
        e = gateway_set(fd, o, note);
    (void)close(fd);
    return e;
}
