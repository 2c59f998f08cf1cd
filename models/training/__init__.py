"""Training of Headroom's crowd counter: data, networks, stages, calibration, export."""

import os

# ONNX Runtime since 1.29 reports to its maker unless it is told otherwise before it is loaded.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
