"""Generation: a model's completions of a suite's prompts, resumable and append-only.

``sampling`` (how completions are drawn), ``samples`` (requests, samples, seeds), ``store`` (the file), ``generate``
(the run); ``backend`` and the three there are: ``transformers_model``, ``vllm_model``, ``endpoint``.
"""

from jeoul.evals.generation.backend import BACKENDS, Backend, open_backend
from jeoul.evals.generation.generate import Generated, generate, header_of, requests_hash
from jeoul.evals.generation.samples import Failure, Prompt, Request, Sample, requests_for, seed_of
from jeoul.evals.generation.sampling import Sampling
from jeoul.evals.generation.store import SampleStore, read_header, read_samples

__all__ = [
    "BACKENDS",
    "Backend",
    "Failure",
    "Generated",
    "Prompt",
    "Request",
    "Sample",
    "SampleStore",
    "Sampling",
    "generate",
    "header_of",
    "open_backend",
    "read_header",
    "read_samples",
    "requests_for",
    "requests_hash",
    "seed_of",
]
