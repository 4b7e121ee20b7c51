#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds the images that the other tests here look at and boot, once for all of them: see Place.image.

    images.py SOURCE PROGRAMS DEPS SCRATCH
"""
import sys

from machine import Place

place = Place(*sys.argv[1:5])
place.fetch("kernel")
print(place.build(place.image()), flush=True)
place.fetch("kernel-headers")
for options in (("--test",), ("--test", "--probe")):
    place.build(place.image(*options), *options)
