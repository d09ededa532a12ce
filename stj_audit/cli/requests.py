"""The parts of a Request, from the options of the command line and the configuration."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from stj_audit.config import Config, SizeLines


def places(settings: dict[str, Any]) -> dict[str, Any]:
    """The part of a Request that says where to read: in the regions of the command line, however many."""
    regions = settings["regions"]
    return {"aws": session_options(settings, regions[0] if len(regions) == 1 else None), "regions": regions}


def session_options(settings: dict[str, Any], region: str | None = None) -> Any:
    from stj_audit.scanners.session import AwsOptions

    return AwsOptions(
        profile=settings["profile"],
        region=region or settings.get("region"),
        endpoint_url=settings["endpoint_url"],
        role_arn=settings["role_arn"],
        external_id=settings["external_id"],
        max_attempts=settings["max_attempts"],
    )


def judging(settings: dict[str, Any], config: "Config") -> dict[str, Any]:
    """The part of a Request that every auditing command takes the same options for."""
    return {
        "users": settings["users"],
        "target_users": settings["target_users"],
        "users_now": settings["users_now"],
        **reading(settings),
        "size_lines": item_size_lines(settings, config),
        "prices": settings.get("prices") or config.prices.source,
        "free_tier": config.prices.free_tier if settings.get("free_tier") is None else settings["free_tier"],
    }


def reading(settings: dict[str, Any]) -> dict[str, Any]:
    """The part of a Request that says how items are read."""
    return {
        "scan": settings["scan"],
        "scan_budget_usd": settings["scan_budget"],
        "max_read_units": settings["max_read_units"],
        "read_units_per_second": settings["read_units_per_second"],
        "resume": settings["resume"],
        "scan_throttled": settings["scan_throttled"],
        "timeout_seconds": settings.get("timeout"),
        "ends_at": settings.get("ends_at"),
    }


def item_size_lines(settings: dict[str, Any], config: "Config") -> "SizeLines":
    from stj_audit.config import Thresholds, size_lines

    warn, most = settings["warn_item_size"], settings["max_item_size"]
    return size_lines(
        Thresholds(
            warn_item_size=config.thresholds.warn_item_size if warn is None else warn,
            max_item_size=config.thresholds.max_item_size if most is None else most,
        )
    )
