"""Training, stage A (mostly t = 1) and stage B (self-aligned, warm start).

    python -m models.training.train --data DIR --run RUN --stage a
    python -m models.training.train --data DIR --run RUN --stage b

A run folder holds last.pt (weights, average, optimiser: a killed run goes on
from it), a.pt (end of stage A), b.pt, curve.csv and validation.csv.

Under torchrun every process draws its own crops and all take the same step,
along the mean of their gradients; the first of them keeps the run folder.
"""

import argparse
import csv
import math
import time
from pathlib import Path

import torch
import torch.distributed as processes

from . import losses
from .batches import Crops, make_loader, training_pictures, with_folders_of
from .counter import Counter, load_checkpoint, load_counter, save_checkpoint
from .density import LATENT_CHANNELS, latent_from_map, map_from_cells, map_from_latent
from .devices import default_workers, join_processes, keeps_run
from .encoder import block_moments
from .evaluate import look, report, validation_pictures
from .path import draw_times, mix
from .recipe import Recipe
from .sources import sources, times_and_warm

# Held-out pictures looked at during training: thinned where frames repeat.
WATCHED = {
    "beijing_brt_camera1": 16, "empty_scenes": 3, "scut_head_a_rooms": 4, "halls_and_classroom": 3,
    "shanghaitech_b_train": 2, "shanghaitech_a_train": 2,
}
# Of a map to be learned at t = 1, when there is a teacher.
TEACHER_SHARE = 0.5


class Trainer:
    """One stage of one run. Progress is the share of the stage's crops that were seen or, without their number, of its minutes that were spent."""

    def __init__(
        self, data: Path, run: Path, stage: str, recipe: Recipe, device: str, start: Path | None = None,
        teacher: Path | None = None,
    ) -> None:
        self.data, self.run, self.stage, self.recipe = data, run, stage, recipe
        self.device = torch.device(device)
        # Crops are all of one size: the fastest convolutions are worth looking for. (CPUs do not look.)
        torch.backends.cudnn.benchmark = True
        run.mkdir(parents=True, exist_ok=True)
        torch.manual_seed(recipe.seed)
        self.counter = Counter(recipe).to(self.device, memory_format=torch.channels_last)
        self.average = Counter(recipe).to(self.device)
        self.teacher = load_counter(teacher)[0].to(self.device) if teacher else None
        self.optimiser = torch.optim.AdamW(
            [
                {"params": [p for p in part if (p.ndim > 1) == decays], "share": share,
                 "weight_decay": recipe.weight_decay if decays else 0.0}
                for part, share in self._parts()
                for decays in (True, False)
            ],
            lr=1e-3,
            betas=(0.9, 0.99),
            fused=True,
        )
        self.iteration = 0
        self.warmed = False
        self.seconds = {"a": 0.0, "b": 0.0}
        self.crops = {"a": 0, "b": 0}
        self.seconds_meant = 60 * (recipe.minutes_a if stage == "a" else recipe.minutes_b)
        self.crops_meant = recipe.crops_a if stage == "a" else recipe.crops_b
        self.still_encoder = stage == "b" and recipe.still_encoder
        self.grid = sorted({t for times in recipe.timesteps.values() for t in times})
        self.among = processes.get_world_size() if processes.is_initialized() else 1
        self._resume(start)
        if not keeps_run():
            torch.manual_seed(recipe.seed + 1000 * processes.get_rank())

    def _parts(self) -> list[tuple[list[torch.nn.Parameter], float]]:
        """What is trained, with its share of the learning rate."""
        encoder, recipe = self.counter.encoder, self.recipe
        known = {id(p) for p in encoder.backbone.parameters()}
        return [
            ([p for p in encoder.parameters() if id(p) not in known], 1.0),
            ([p for p in encoder.backbone.parameters() if p.requires_grad], recipe.backbone_rate),
            (list(self.counter.denoiser.parameters()), recipe.denoiser_rate),
        ]

    def _resume(self, start: Path | None) -> None:
        """Go on with the run; a new one starts from `start` (a weights.pt), or else from its teacher's or ImageNet's features."""
        last, before = self.run / "last.pt", self.run / "a.pt"
        state = load_checkpoint(last) if last.exists() else None
        if self.stage == "a" and state is not None and state["stage"] == "b":
            raise SystemExit(f"{last} is of stage b, whose weights stage a would take for its own end: give it another --run")
        if self.stage == "b" and (state is None or state["stage"] != "b"):
            if not before.exists():
                raise SystemExit(f"stage b goes on from {before}: train stage a first")
            state = load_checkpoint(before)
            # Stage B starts from the average: it is the better net.
            state["model"] = state["ema"]
            state["optimiser"] = None
        if state is None:
            if start:
                self.counter.load_state_dict(load_checkpoint(start)["ema"])
            elif self.teacher and self.teacher.encoder.backbone.name == self.recipe.backbone:
                self.counter.encoder.backbone.from_other(self.teacher.encoder.backbone)
            else:
                self.counter.encoder.backbone.from_imagenet()
            self.average.load_state_dict(self.counter.state_dict())
            return
        self.counter.load_state_dict(state["model"])
        self.average.load_state_dict(state["ema"])
        if state["optimiser"]:
            self.optimiser.load_state_dict(state["optimiser"])
            self.warmed = True
        self.iteration, self.seconds = state["iteration"], state["seconds"]
        self.crops = state.get("crops", self.crops)
        print(f"goes on from iteration {self.iteration}, {self.seconds}, {self.crops}", flush=True)

    def save(self, name: str) -> None:
        save_checkpoint(
            self.run / name,
            model=self.counter.state_dict(),
            ema=self.average.state_dict(),
            optimiser=self.optimiser.state_dict(),
            iteration=self.iteration,
            seconds=self.seconds,
            crops=self.crops,
            stage=self.stage,
            recipe=self.recipe.as_dict(),
        )

    def progress(self) -> float:
        """How much of the stage is done, 0 to 1 and a little beyond."""
        if self.crops_meant:
            return self.crops[self.stage] / self.crops_meant
        return self.seconds[self.stage] / self.seconds_meant

    def learning_rate(self, progress: float, done: int) -> float:
        recipe = self.recipe
        peak = recipe.learning_rate_a if self.stage == "a" else recipe.learning_rate_b
        low = 0.02
        curve = low + (1 - low) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))
        return peak * curve * (1.0 if self.warmed else min(1.0, (done + 1) / recipe.warm_up_steps))

    def shared(self, seconds: float) -> float:
        """Every process's gradients become their mean; so do the seconds each has spent, since the rate follows from them."""
        if self.among == 1:
            return seconds
        gradients = [p.grad for p in self.counter.parameters() if p.grad is not None]
        flat = torch.cat([g.flatten() for g in gradients] + [torch.tensor([seconds], device=self.device)])
        processes.all_reduce(flat)
        flat /= self.among
        place = 0
        for gradient in gradients:
            gradient.copy_(flat[place : place + gradient.numel()].view_as(gradient))
            place += gradient.numel()
        return float(flat[-1])

    def times(self, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Times [N], and which samples [N] are warm starts (stage B alone)."""
        recipe = self.recipe
        if recipe.control:
            return torch.ones(count), torch.zeros(count, dtype=torch.bool)
        if self.stage == "a":
            return draw_times(count, recipe.share_at_one, self.grid), torch.zeros(count, dtype=torch.bool)
        return times_and_warm(count, self.grid, recipe.warm_start)

    def loss(self, batch: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
        batch = {name: values.to(self.device, non_blocking=True) for name, values in batch.items()}
        image = batch["image"].float().contiguous(memory_format=torch.channels_last)
        cells = batch["cells"]
        target = map_from_cells(cells)
        clean = latent_from_map(target)
        noise = torch.randn_like(clean)
        t, warm = (each.to(self.device) for each in self.times(len(image)))
        with torch.autocast(self.device.type, torch.bfloat16):
            with torch.set_grad_enabled(not self.still_encoder):
                cond, logits = self.counter.encoder(image)
            source = clean
            if self.stage == "b" and not self.recipe.control:
                source = sources(self.counter, batch, noise, cond, warm, self.recipe.warm_start)
            latent = mix(source, noise, t)
            if self.recipe.control:
                latent = torch.zeros_like(latent)
            predicted = self.counter.denoiser(latent, cond, t)
        logits = logits.float()
        block_mean = block_moments(logits)[0]
        if self.teacher:
            target = self.taught(image, target, t)
        coarse = (t >= 1).float() if self.stage == "a" else torch.ones_like(t)
        fine, blocks = losses.map_loss(map_from_latent(predicted.float()), target, block_mean, coarse)
        head = losses.head_loss(logits, cells)
        return {"loss": fine + blocks + head, "fine": fine.detach(), "blocks": blocks.detach(), "head": head.detach()}

    @torch.no_grad()
    def taught(self, image: torch.Tensor, target: torch.Tensor, t: torch.Tensor) -> torch.Tensor:
        """At t = 1 half of the map to be learned is what the larger net expects: it knows where labels are chance."""
        with torch.autocast(self.device.type, torch.bfloat16):
            cond, _ = self.teacher.encoder(image)
            noise = torch.randn(len(image), LATENT_CHANNELS, *cond.shape[2:], device=self.device)
            known = map_from_latent(self.teacher.denoiser(noise, cond, torch.ones_like(t)).float())
        return torch.where((t >= 1)[:, None, None, None], torch.lerp(target, known, TEACHER_SHARE), target)

    @torch.no_grad()
    def update_average(self, done: int) -> None:
        keep = min(self.recipe.ema, (done + 1) / (done + 10))
        pairs = list(zip(self.average.parameters(), self.counter.parameters(), strict=True))
        torch._foreach_lerp_([a for a, _ in pairs], [b for _, b in pairs], 1 - keep)
        for a, b in zip(self.average.buffers(), self.counter.buffers(), strict=True):
            if a.dtype.is_floating_point:
                a.lerp_(b, 1 - keep)

    def validate(self) -> None:
        """Watch the held-out folders, the unknown camera above all, with the averaged weights."""
        average = self.average.to("cpu").eval()
        steps = [1] if self.stage == "a" else [1, 2, 4]
        pictures = validation_pictures(self.data, WATCHED)
        with torch.autocast("cpu", torch.bfloat16, enabled=self.device.type == "cpu"):
            outcomes = [look(average, self.recipe, picture, steps, self.stage == "b") for picture in pictures]
        self.average.to(self.device)
        rows = report(outcomes, 0.5)
        append_rows(self.run / "validation.csv", [{"stage": self.stage, "iteration": self.iteration, **row} for row in rows])
        for row in rows:
            if not row["reading"].startswith("shown@"):
                print(f"   {row['data'][:18]:18s} {row['reading']:10s} {row['people']:6.1f}"
                      f" MAE {row['mae']:7.2f} bias {row['bias']:+7.2f}", flush=True)

    def train(self, crops: Crops, workers: int, validate_minutes: float, save_minutes: float = 1.0) -> None:
        loader = iter(make_loader(crops, self.recipe.batch, workers, self.device.type == "cuda"))
        self.counter.train()
        if self.still_encoder:
            self.counter.encoder.eval()
        if self.recipe.still_norms:
            for module in self.counter.modules():
                if isinstance(module, torch.nn.BatchNorm2d):
                    module.eval()
        saved = validated = printed = time.monotonic()
        begun_at = self.iteration
        sums: dict[str, float] = {}
        after = 0.0
        while (progress := self.progress()) < 1:
            started = time.monotonic()
            rate = self.learning_rate(progress, self.iteration - begun_at)
            for group in self.optimiser.param_groups:
                group["lr"] = rate * group["share"]
            values = self.loss(next(loader))
            self.optimiser.zero_grad()
            values["loss"].backward()
            spent = self.shared(after + time.monotonic() - started)
            started = time.monotonic()
            # Apart: a wild step of one net must not shrink the other's.
            norms = [
                torch.nn.utils.clip_grad_norm_(part.parameters(), self.recipe.clip)
                for part in (self.counter.encoder, self.counter.denoiser)
            ]
            if all(torch.isfinite(norm) for norm in norms):
                self.optimiser.step()
                self.update_average(10**6 if self.warmed or self.stage == "b" else self.iteration - begun_at)
            self.iteration += 1
            for name, value in (values | {"norm": norms[0], "norm2": norms[1]}).items():
                sums[name] = sums.get(name, 0.0) + float(value.detach())
            self.seconds[self.stage] += spent
            self.crops[self.stage] += self.recipe.batch * self.among
            now = time.monotonic()
            after = now - started
            if not keeps_run():
                continue
            if self.iteration % 100 == 0:
                self._log({name: value / 100 for name, value in sums.items()}, rate, now - printed)
                sums, printed = {}, now
            if now - saved > save_minutes * 60:
                self.save("last.pt")
                saved = time.monotonic()
            if now - validated > validate_minutes * 60:
                self.validate()
                validated = printed = time.monotonic()
        if keeps_run():
            self.save("last.pt")
            self.save(f"{self.stage}.pt")
        if self.among > 1:
            processes.barrier()

    def _log(self, means: dict[str, float], rate: float, seconds: float) -> None:
        row = {"stage": self.stage, "iteration": self.iteration, "minutes": round(self.seconds[self.stage] / 60, 2)}
        row |= {name: round(value, 5) for name, value in means.items()}
        row |= {"rate": rate, "crops_per_second": round(100 * self.recipe.batch * self.among / seconds, 1)}
        append_rows(self.run / "curve.csv", [row])
        print(f"[{'#' * int(20 * self.progress()):20s}]", " ".join(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}"
              for k, v in row.items()), flush=True)


def append_rows(path: Path, rows: list[dict]) -> None:
    """Rows, all with the same names, at the end of a CSV file that begins with the names."""
    fresh = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        if fresh:
            writer.writeheader()
        writer.writerows(rows)


def train_stage(
    data: Path, run: Path, stage: str, recipe: Recipe, device: str, workers: int,
    synthetic: list[Path], synthetic_share: float, validate_minutes: float, limit: int | None = None,
    start: Path | None = None, teacher: Path | None = None,
) -> None:
    weights = dict(recipe.folders)
    for root in synthetic:
        weights[root.name] = synthetic_share / (1 - synthetic_share) / len(synthetic)
    # Not their sum: runs with neighbouring seeds that are started a second apart would draw the same crops.
    seed = hash((recipe.seed, time.time_ns())) % 2**32
    crops = Crops(training_pictures(data, recipe, synthetic, limit), recipe, weights, seed, stage == "b")
    Trainer(data, run, stage, recipe, device, start, teacher).train(crops, workers, validate_minutes)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--run", type=Path, required=True)
    parser.add_argument("--stage", choices=["a", "b"], required=True)
    parser.add_argument("--minutes", type=float, help="wall-clock minutes of this stage")
    parser.add_argument("--crops", type=int, help="crops of this stage, instead of minutes: as much training on any machine")
    parser.add_argument("--rate", type=float, help="peak learning rate of this stage")
    parser.add_argument("--seed", type=int)
    parser.add_argument("--batch", type=int)
    parser.add_argument("--start", type=Path, help="weights.pt that a new run goes on from, instead of ImageNet's features")
    parser.add_argument("--size", choices=["standard", "small", "large"], default="standard")
    parser.add_argument("--teacher", type=Path, help="weights.pt of a larger net to learn from, beside the labels")
    parser.add_argument("--control", action="store_true", help="plain regression of equal compute")
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--workers", type=int, help="crop-making processes; one beside a CPU, up to twelve for a GPU")
    parser.add_argument("--synthetic", type=Path, nargs="*", default=[], help="rendered labelled folders to mix in")
    parser.add_argument("--synthetic-share", type=float, default=0.15)
    parser.add_argument("--validate-minutes", type=float, default=5.0)
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    device = join_processes(arguments.device)
    recipe = with_folders_of(arguments.data, Recipe.of_size(arguments.size))
    recipe.control = arguments.control
    for name, value in (
        (f"minutes_{arguments.stage}", arguments.minutes),
        (f"crops_{arguments.stage}", arguments.crops),
        (f"learning_rate_{arguments.stage}", arguments.rate),
        ("seed", arguments.seed),
        ("batch", arguments.batch),
    ):
        if value is not None:
            setattr(recipe, name, value)
    train_stage(
        arguments.data, arguments.run, arguments.stage, recipe, device,
        default_workers(device) if arguments.workers is None else arguments.workers,
        arguments.synthetic, arguments.synthetic_share, arguments.validate_minutes, start=arguments.start,
        teacher=arguments.teacher,
    )
    if processes.is_initialized():
        processes.destroy_process_group()


if __name__ == "__main__":
    main()
