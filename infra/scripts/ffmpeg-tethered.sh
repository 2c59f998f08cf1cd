#!/bin/sh
# Runs ffmpeg so that the kernel kills it when the process that started it dies, however it dies.
# Without this, `kill -9` of ingest leaves an ffmpeg on a silent camera running for ever.
exec setpriv --pdeathsig KILL "${HEADROOM_FFMPEG:-ffmpeg}" "$@"
