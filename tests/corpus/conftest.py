"""The designs are played by moto, as in the tests of the scanners."""

from tests.scanners.conftest import no_real_aws, one_loader

__all__ = ["no_real_aws", "one_loader"]
