#!/usr/bin/python3
"""Serve H.264 clips as cameras through GStreamer's RTSP server, looping without a gap.

    /usr/bin/python3 infra/demo/rtsp_server.py --stream /crowd=infra/demo/crowd.mp4 --port 0

Needs Debian's gir1.2-gst-rtsp-server-1.0 and python3-gi (hence Debian's own python3), and ffmpeg, which splits a
clip into access units once at start. Prints one JSON line when ready:

    {"event": "ready", "port": 41235, "urls": ["rtsp://127.0.0.1:41235/crowd"]}

A path's clip starts with its first client and from then on runs by the clock, watched or not, so that everyone
sees the same moment. With --announce every access unit pushed to clients prints
{"event": "frame", "path", "index", "loop", "atMs"} (index within the clip, atMs Unix milliseconds).
Ends on SIGTERM, SIGINT or when standard input closes, so that it never outlives whoever started it.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import threading
import time
from fractions import Fraction

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # noqa: E402

AUD = b"\x00\x00\x00\x01\x09"
# Access units kept for a path whose clients stand still; older ones are dropped.
MAX_WAITING_UNITS = 250

_print_lock = threading.Lock()


def say(**event: object) -> None:
    """One JSON line on standard output; a reader that went away is no reason to stop serving."""
    with _print_lock:
        try:
            print(json.dumps(event), flush=True)
        except (BrokenPipeError, ValueError):
            pass


class Clip:
    """A file as access units (Annex B, one picture each) with its frame rate in frames per second."""

    def __init__(self, file: str):
        probe = subprocess.run(
            ["ffprobe", "-v", "error", "-select_streams", "v:0", "-show_entries", "stream=codec_name,avg_frame_rate,r_frame_rate", "-of", "json", file],
            capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL)
        stream = json.loads(probe.stdout)["streams"][0]
        if stream["codec_name"] != "h264":
            raise ValueError(f"{file} holds {stream['codec_name']}, not h264")
        rate = stream["avg_frame_rate"] if not stream["avg_frame_rate"].startswith("0/") else stream["r_frame_rate"]
        self.fps = Fraction(rate)
        # Both filters together: start codes and parameter sets for every key frame, and a delimiter before every
        # picture, at which the stream is then cut.
        data = subprocess.run(
            ["ffmpeg", "-v", "error", "-nostdin", "-i", file, "-map", "0:v:0", "-c", "copy",
             "-bsf:v", "h264_mp4toannexb,h264_metadata=aud=insert" if not file.endswith((".h264", ".264")) else "h264_metadata=aud=insert",
             "-f", "h264", "pipe:1"], capture_output=True, check=True, stdin=subprocess.DEVNULL).stdout
        self.units = [AUD + part for part in data.split(AUD) if part]
        self.keys = [any(part and part[0] & 31 == 5 for part in unit.split(b"\x00\x00\x01")) for unit in self.units]
        if not self.units or not self.keys[0]:
            raise ValueError(f"{file} does not start with a key frame")

    def key_at(self, index: int) -> int:
        """The key frame a decoder needs for `index`."""
        while not self.keys[index]:
            index -= 1
        return index


class Channel(GstRtspServer.RTSPMediaFactory):
    """One path. All its clients share one pipeline, fed by one thread."""

    def __init__(self, path: str, clip: Clip, once: bool, announce: bool, on_end):
        super().__init__()
        self.path, self.clip, self.once, self.announce, self.on_end = path, clip, once, announce, on_end
        self.started: float | None = None
        self.stop = threading.Event()
        self.set_shared(True)
        self.set_launch(
            "( appsrc name=source is-live=true format=time max-bytes=0 "
            f"max-buffers={MAX_WAITING_UNITS} leaky-type=downstream "
            "caps=video/x-h264,stream-format=byte-stream,alignment=au,framerate="
            f"{clip.fps.numerator}/{clip.fps.denominator} ! rtph264pay name=pay0 pt=96 config-interval=-1 aggregate-mode=none )")
        self.connect("media-configure", self._configure)

    def _configure(self, _factory, media) -> None:
        self.stop.set()  # the thread of an earlier pipeline, if it still runs
        self.stop = stop = threading.Event()
        media.connect("unprepared", lambda _media: stop.set())
        source = media.get_element().get_by_name("source")
        threading.Thread(target=self._feed, args=(source, stop), daemon=True).start()

    def _feed(self, source, stop: threading.Event) -> None:
        units, step = self.clip.units, float(1 / self.clip.fps)
        if self.started is None:
            self.started = time.monotonic()
        now = int((time.monotonic() - self.started) / step)
        # A pipeline that comes back joins the running clip at the key frame before the present moment.
        number = now - (now % len(units) - self.clip.key_at(now % len(units)))
        first = number
        while not stop.is_set():
            wait = self.started + number * step - time.monotonic()
            if wait > 0 and stop.wait(wait):
                return
            if self.once and number >= len(units):
                source.emit("end-of-stream")
                self.on_end(self.path)
                return
            index = number % len(units)
            buffer = Gst.Buffer.new_wrapped(units[index])
            # Counted, not measured, and never reset by the loop: time stamps grow by exactly one frame.
            buffer.pts = buffer.dts = int((number - first) * Gst.SECOND / self.clip.fps)
            buffer.duration = int(Gst.SECOND / self.clip.fps)
            if source.emit("push-buffer", buffer) != Gst.FlowReturn.OK:
                return
            if self.announce:
                say(event="frame", path=self.path, index=index, loop=number // len(units), atMs=round(time.time() * 1000))
            number += 1


def protect(server: GstRtspServer.RTSPServer, factories: list[Channel], user: str, password: str) -> None:
    """Ask for digest or basic credentials on every path."""
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth = GstRtspServer.RTSPAuth.new()
    auth.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    auth.add_digest(user, password, token)
    try:
        from gi.repository import GstRtsp
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
    except (ImportError, AttributeError):
        pass  # basic alone
    server.set_auth(auth)
    for factory in factories:
        allowed = GstRtspServer.RTSPPermissions()
        for right in ("media.factory.access", "media.factory.construct"):
            allowed.add_permission_for_role("viewer", right, True)
        factory.set_permissions(allowed)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--stream", action="append", required=True, metavar="PATH=FILE", help="may be given several times")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8554, help="0 takes any free port")
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    parser.add_argument("--once", action="store_true", help="stop at the end of the clips instead of looping")
    parser.add_argument("--announce", action="store_true", help="print a line for every access unit pushed")
    args = parser.parse_args()

    Gst.init(None)
    loop = GLib.MainLoop()
    server = GstRtspServer.RTSPServer.new()
    server.set_address(args.host)
    server.set_service(str(args.port))
    running: set[str] = set()

    def ended(path: str) -> None:
        say(event="end", path=path)
        running.discard(path)
        if not running:
            GLib.timeout_add(500, loop.quit)  # time for the last packets to leave

    factories, clips = [], {}
    for entry in args.stream:
        path, _, file = entry.partition("=")
        path = "/" + path.lstrip("/")
        try:
            clips[file] = clips.get(file) or Clip(file)
        except (subprocess.CalledProcessError, ValueError, KeyError, IndexError, OSError) as error:
            detail = getattr(error, "stderr", None) or error
            print(f"cannot serve {file}: {str(detail).strip()}", file=sys.stderr)
            return 1
        factory = Channel(path, clips[file], args.once, args.announce, ended)
        server.get_mount_points().add_factory(path, factory)
        factories.append(factory)
        running.add(path)
    if args.user:
        protect(server, factories, args.user, args.password)
    if server.attach(None) == 0:
        print(f"cannot listen on {args.host}:{args.port}", file=sys.stderr)
        return 1

    def on_stdin(descriptor: int, _condition) -> bool:
        if os.read(descriptor, 4096):
            return True
        loop.quit()
        return False

    GLib.unix_fd_add_full(GLib.PRIORITY_DEFAULT, 0, GLib.IOCondition.IN | GLib.IOCondition.HUP, on_stdin)
    for name in (signal.SIGTERM, signal.SIGINT):
        GLib.unix_signal_add(GLib.PRIORITY_HIGH, name, loop.quit)
    # Sessions of clients that vanished without TEARDOWN are swept up.
    GLib.timeout_add_seconds(5, lambda: server.get_session_pool().cleanup() >= 0)

    port = server.get_bound_port()
    say(event="ready", port=port, urls=[f"rtsp://{args.host}:{port}{factory.path}" for factory in factories])
    loop.run()
    return 0


if __name__ == "__main__":
    sys.exit(main())
