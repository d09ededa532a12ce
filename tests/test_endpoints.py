import pytest

from stj_audit.endpoints import asked_at, check_no_path, is_of_aws, origin
from stj_audit.errors import ConfigError

AWS, ELSEWHERE = "https://dynamodb.eu-north-1.amazonaws.com", "http://localhost:8000"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("http://me:secret@host:8000/path?key=secret#more", "http://host:8000"),
        ("https://HOST", "https://host"),
        ("http://[::1]:8000", "http://[::1]:8000"),
        ("http://host:port", None),
        ("host:8000", None),
        ("http://[broken", None),
    ],
)
def test_what_is_shown_of_an_address(url: str, shown: str | None) -> None:
    assert origin(url) == shown


@pytest.mark.parametrize(
    ("url", "own"), [(AWS, True), ("https://s3.cn-north-1.amazonaws.com.cn/", True), (ELSEWHERE, False), ("amazonaws.com", False)]
)
def test_what_is_of_aws(url: str, own: bool) -> None:
    assert is_of_aws(url) == own


def test_an_address_of_aws_is_that_of_one_service(monkeypatch: pytest.MonkeyPatch) -> None:
    assert [asked_at(service, AWS) for service in ("dynamodb", "s3", "sts")] == [AWS, None, None]
    assert [asked_at(service, ELSEWHERE) for service in ("dynamodb", "s3", "sts")] == [ELSEWHERE] * 3
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://localhost:9000")
    assert [asked_at(service, AWS) for service in ("dynamodb", "s3", "sts")] == [AWS, "http://localhost:9000", None]
    assert asked_at("s3", None) is None


def test_an_endpoint_of_s3_has_no_path() -> None:
    check_no_path(ELSEWHERE)
    check_no_path(f"{ELSEWHERE}/")
    with pytest.raises(ConfigError, match="has a path"):
        check_no_path(f"{ELSEWHERE}/s3")
