"""Devices: what a unit of an offering is."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from market.domain.places import Provenance


class ComputeClass(StrEnum):
    """The three kinds of compute; their units never mix."""

    GPU = "gpu"
    HPC = "hpc"
    GENERAL = "general"


class Precision(StrEnum):
    """Arithmetic a job needs. FLOPS are measured per precision and never added across."""

    FP64 = "fp64"
    FP32 = "fp32"
    FP16 = "fp16"
    INT8 = "int8"


REFERENCE_DEVICE: Mapping[str, str] = {
    ComputeClass.GPU: "a100_80",
    ComputeClass.HPC: "x86_core_hpc",
    ComputeClass.GENERAL: "x86_vcpu",
}
"""What `hours` is measured on where an order lists no device: the one with speed 1 in its class."""


@dataclass(frozen=True, slots=True)
class Device:
    """One kind of card or core.

    `peak` is peak TFLOPS (TOPS for int8) by precision; `speed` is the sustained speed relative to the
    class's reference device for a job bound by that precision. A precision missing from `speed` cannot run.
    """

    id: str
    compute_class: ComputeClass
    name_zh: str
    name_en: str
    vendor: str
    domestic: bool
    memory_gb: float
    watts_per_unit: int
    peak: Mapping[Precision, float]
    speed: Mapping[Precision, float]
    provenance: Provenance

    def speed_for(self, precision: Precision | None) -> float | None:
        """Relative speed, None where the device cannot run that precision.

        A job that names no precision is not bound by arithmetic and runs equally long everywhere.
        """
        return 1.0 if precision is None else self.speed.get(precision)
