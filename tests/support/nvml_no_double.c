/* SPDX-License-Identifier: Apache-2.0 */
/* A library without any of NVML's functions. */
int nvml_no_double(void);

int nvml_no_double(void)
{
    return 0;
}
