"""Procedural crowd scenes with exact head points; see README.md in this folder."""
