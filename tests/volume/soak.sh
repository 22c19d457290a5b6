#!/bin/sh
# The soak test in a short form; it counts its own checks.
exec "$BUILD/tests/volume/soak" 4 2
