"""Where a run takes place: on which device, in which of several processes, beside how many that make crops."""

import os
from datetime import timedelta

import torch
import torch.distributed as processes


def check_device(device: str) -> None:
    """SystemExit where a GPU is asked for and none can be used."""
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise SystemExit(f"--device {device}: PyTorch {torch.__version__} sees no GPU here; leave it out, or install PyTorch's CUDA build and the driver")


def join_processes(device: str) -> str:
    """Meet the other processes, if torchrun started this one; the device that is this one's own."""
    check_device(device)
    if "LOCAL_RANK" not in os.environ:
        return device
    if device == "cuda":
        device = f"cuda:{os.environ['LOCAL_RANK']}"
        torch.cuda.set_device(device)
    # The others wait while the first renders or validates; ten minutes, NCCL's own limit, may not be enough for it.
    processes.init_process_group("nccl" if device.startswith("cuda") else "gloo", timeout=timedelta(hours=3))
    return device


def default_workers(device: str) -> int:
    """Crop-making processes: as many as a GPU's cores feed it with, one beside a CPU's own work."""
    beside = int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    return max(1, min(12, (os.cpu_count() or 1) // beside - 1)) if device.startswith("cuda") else 1


def keeps_run() -> bool:
    """Whether this process keeps the run folder: the first of several, or the only one."""
    return not processes.is_initialized() or processes.get_rank() == 0
