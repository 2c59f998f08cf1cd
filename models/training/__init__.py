"""Training of Headroom's crowd counter: data, networks, stages, calibration, export."""
