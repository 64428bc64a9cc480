"""/docs: the OpenAPI document as one page, without a script and from nowhere else."""
