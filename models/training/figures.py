"""The calibration file as markdown tables, for docs/evaluation.md and the model card.

    python -m models.training.figures --calibration RUN/calibration.json
"""

import argparse
import json
from pathlib import Path

READINGS = ("shown", "head", "sum@1", "sum@2", "sum@4", "sum@warm")


def error_table(rows: list[dict]) -> list[str]:
    """MAE / bias by folder and read-out."""
    lines = ["| pictures held out | n | people a picture | " + " | ".join(READINGS) + " |"]
    lines.append("| --- | --- | --- |" + " --- |" * len(READINGS))
    for folder in dict.fromkeys(row["data"] for row in rows):
        group = {row["reading"]: row for row in rows if row["data"] == folder}
        cells = [f"{group[r]['mae']:.1f} / {group[r]['bias']:+.1f}" if r in group else "" for r in READINGS]
        shown = group["shown"]
        lines.append(f"| {folder} | {shown['images']} | {shown['people']} | " + " | ".join(cells) + " |")
    return lines


def _share(covered: float | None) -> str:
    """Nothing where there were no other pictures to fit on."""
    return "" if covered is None else f"{covered:.0%}"


def interval_table(calibration: dict) -> list[str]:
    lines = ["| pictures | covered, fitted on the other half | covered, folder left out of the fit | mean half-width |"]
    lines.append("| --- | --- | --- | --- |")
    for folder, shares in calibration["coverage"].items():
        lines.append(
            f"| {folder} | {_share(shares['otherHalf'])} | {_share(shares['folderLeftOut'])} "
            f"| {calibration['meanHalfWidth'][folder]:.1f} |"
        )
    return lines


def head_table(calibration: dict) -> list[str]:
    lines = ["| sampling | head F1 |", "| --- | --- |"]
    return lines + [f"| {name} | {score:.3f} |" for name, score in calibration["headF1"].items()]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--calibration", type=Path, required=True)
    calibration = json.loads(parser.parse_args().calibration.read_text())
    print("\n".join(error_table(calibration["evaluation"])), end="\n\n")
    print("\n".join(interval_table(calibration)), end="\n\n")
    print("\n".join(head_table(calibration)))


if __name__ == "__main__":
    main()
