/* SPDX-License-Identifier: Apache-2.0 */
#ifndef PROXY_PAGE_STYLE_H
#define PROXY_PAGE_STYLE_H

/* The page's style sheet: system fonts, nothing loaded, light and dark as the browser wishes. Its hash stands in the page's policy (page_csp). */
/* clang-format off */
#define PAGE_STYLE \
    ":root{--bg:#f6f7f9;--card:#fff;--ink:#16191d;--soft:#566070;--line:#dde1e7;--good:#0f7a3d;--good-bg:#e5f5eb;--bad:#b3141f;--bad-bg:#fdeaea;--wait:#8a5a00;--wait-bg:#fff4dc;--sim:#6b2fb3;--sim-bg:#f3eafd;--link:#1a56c4}" \
    "@media (prefers-color-scheme:dark){:root{--bg:#111418;--card:#1a1f25;--ink:#e8ebef;--soft:#9aa5b3;--line:#2c333c;--good:#58d68a;--good-bg:#11301f;--bad:#ff7b82;--bad-bg:#3a1418;--wait:#f0bd55;--wait-bg:#33270c;--sim:#c9a2ff;--sim-bg:#2a1a42;--link:#8ab4ff}}" \
    "*{box-sizing:border-box}" \
    "body{margin:0;background:var(--bg);color:var(--ink);font:16px/1.5 system-ui,sans-serif}" \
    "main{max-width:52rem;margin:0 auto;padding:1.5rem 1rem 3rem}" \
    "h1{font-size:1.6rem;line-height:1.2;margin:0}h2{font-size:1.1rem;margin:0 0 .75rem;overflow-wrap:anywhere}h3{font-size:1rem;margin:1.25rem 0 .5rem}" \
    "p{margin:.5rem 0}a{color:var(--link)}" \
    "code{font:.85em/1.4 ui-monospace,monospace;overflow-wrap:anywhere}" \
    ".banner{display:flex;gap:1rem;align-items:flex-start;padding:1.25rem;border-radius:.75rem;border:2px solid}" \
    ".banner p{color:var(--ink);margin-bottom:0}" \
    ".mark{flex:none;width:3rem;height:3rem;border-radius:50%;display:flex;align-items:center;justify-content:center;font-size:1.6rem;font-weight:700;color:var(--card);background:var(--tone)}" \
    ".good{--tone:var(--good);color:var(--good);background:var(--good-bg);border-color:var(--good)}" \
    ".sim{--tone:var(--sim);color:var(--sim);background:var(--sim-bg);border-color:var(--sim)}" \
    ".bad{--tone:var(--bad);color:var(--bad);background:var(--bad-bg);border-color:var(--bad)}" \
    ".wait{--tone:var(--wait);color:var(--wait);background:var(--wait-bg);border-color:var(--wait)}" \
    ".simulated{padding:.75rem 1rem;border-radius:.75rem;background:var(--sim-bg);color:var(--sim);border:1px solid var(--sim)}" \
    ".warn{color:var(--sim)}" \
    "section{background:var(--card);border:1px solid var(--line);border-radius:.75rem;padding:1.25rem;margin-top:1rem}" \
    ".state{display:inline-block;padding:.1rem .6rem;border-radius:1rem;border:1px solid;font-size:.85rem;text-transform:uppercase;letter-spacing:.03em}" \
    "dl{display:grid;grid-template-columns:max-content 1fr;gap:.35rem 1rem;margin:0}dt{color:var(--soft)}dd{margin:0;min-width:0;overflow-wrap:anywhere}" \
    ".button{display:inline-block;padding:.35rem .8rem;border:1px solid var(--link);border-radius:.5rem;text-decoration:none}" \
    ".checks{list-style:none;margin:0;padding:0}.checks li{padding:.35rem 0 .35rem 4.6rem;text-indent:-4.6rem;border-top:1px solid var(--line)}" \
    ".result{display:inline-block;min-width:4.3rem;text-indent:0;font-weight:600}.passed .result{color:var(--good)}" \
    ".failed{color:var(--bad)}.failed .result{font-weight:800}.values{margin:.25rem 0;text-indent:0;color:var(--ink)}" \
    "footer{margin-top:1rem;color:var(--soft);font-size:.9rem}" \
    ".door input{font:inherit;width:100%;max-width:26rem;padding:.4rem;border:1px solid var(--line);border-radius:.4rem;background:var(--bg);color:var(--ink)}" \
    ".door button{font:inherit;padding:.4rem 1rem;margin-top:.5rem;border:1px solid var(--link);border-radius:.5rem;background:var(--link);color:var(--card)}" \
    "@media (max-width:34rem){dl{grid-template-columns:1fr}dd{margin-bottom:.4rem}}"
/* clang-format on */

#endif
