"""Gets, lists and queries on ARM. Bodies are taken raw, for typed models drop what they do not know.

What the pipeline (see `session`) could not mend by asking again becomes a `ReadError` with its reason.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import quote, urlsplit

__all__ = ["ArmClient", "Listed", "ReadError", "first_line", "refusal", "telling_line"]

Json = Any
_MAX_PAGES: Final = 10_000
#: 404 codes that say nothing of the resource asked for: its subscription (of another tenant, perhaps), namespace or type is what
#: ARM does not know. Codes for an absent resource differ by provider, so these few are told apart instead.
_NOT_ABSENCE: Final = frozenset(
    {
        "",
        "invalidresourcenamespace",
        "invalidresourcetype",
        "invalidsubscriptionid",
        "missingsubscriptionregistration",
        "noregisteredproviderfound",
        "subscriptionnotfound",
    }
)
_LONE_PERCENT: Final = re.compile(r"%(?![0-9A-Fa-f]{2})")


class ReadError(Exception):
    """A read that did not succeed: the reason for people, the HTTP status (0 without an answer), ARM's error code."""

    def __init__(self, reason: str, *, status: int = 0, code: str = "") -> None:
        super().__init__(reason)
        self.status, self.code = status, code

    @property
    def says_absent(self) -> bool:
        """Whether this is ARM's own word that the resource does not exist."""
        return self.status == 404 and self.code.lower() not in _NOT_ABSENCE


@dataclass(frozen=True, slots=True)
class Listed:
    """The items of a list, and why there may be more."""

    items: tuple[dict[str, Json], ...]
    failure: ReadError | None = None


class ArmClient:
    """Gets and lists on ARM, queries Resource Graph; sends the token to the ARM endpoint and nowhere else."""

    def __init__(self, resources: Any, graph: Any, endpoint: str) -> None:
        self._resources, self._graph, self._endpoint = resources, graph, endpoint

    async def get(self, path: str, api_version: str) -> dict[str, Json]:
        """One resource as ARM returns it. Raises `ReadError`."""
        body = await self._send(self._url(path, api_version))
        if not isinstance(body, dict):
            raise ReadError("the answer is not an object")
        return body

    async def list_all(self, path: str, api_version: str, condition: str = "", **asked: str) -> Listed:
        """All pages of a list, each id once. A list without `value`, with an element that is no object, or whose next page lies
        elsewhere or was seen, is a failure that keeps what came before. `condition` is an OData filter, `asked` more parameters.
        """
        named = {"$filter": condition, **asked} if condition else asked
        url: str | None = self._url(path, api_version) + "".join(f"&{name}={quote(value)}" for name, value in named.items())
        items: dict[str, dict[str, Json]] = {}
        seen: set[str] = set()
        while url:
            try:
                values, url = await self._page(url, seen)
            except ReadError as failure:
                return Listed(tuple(items.values()), failure)
            for value in values:
                if isinstance(value, dict):
                    items.setdefault(_identity(value, len(items)), value)
            if not all(isinstance(value, dict) for value in values):
                return Listed(tuple(items.values()), ReadError("an element of the list is not an object"))
        return Listed(tuple(items.values()))

    async def query(self, query: str, subscriptions: list[str]) -> tuple[dict[str, Json], ...]:
        """All rows of a Resource Graph query, which must project `id`. Raises `ReadError`."""
        from azure.mgmt.resourcegraph.models import QueryRequest, QueryRequestOptions

        rows: list[dict[str, Json]] = []
        tokens: set[str] = set()
        token: str | None = None
        while True:
            options = QueryRequestOptions(top=1000, skip_token=token, result_format="objectArray")
            answer = await _guarded(
                self._graph.resources(QueryRequest(query=query, subscriptions=subscriptions, options=options))
            )
            data, token = _rows(answer)
            rows.extend(data)
            if token is None:
                return tuple(rows)
            if token in tokens or len(tokens) >= _MAX_PAGES:
                raise ReadError("Resource Graph repeats a page without end")
            tokens.add(token)

    def _url(self, path: str, api_version: str) -> str:
        """Ids are data, hostile at times: a path on our host whatever it holds (ARM's ids are not percent-encoded, a few are)."""
        escaped = quote(_LONE_PERCENT.sub("%25", path.strip().strip("/")), safe="/%!$&'()*+,;=:@-._~", errors="replace")
        return f"{self._endpoint}/{escaped}?api-version={api_version}"

    async def _page(self, url: str, seen: set[str]) -> tuple[list[Json], str | None]:
        if url in seen or len(seen) >= _MAX_PAGES:
            raise ReadError("the list repeats a page without end")
        seen.add(url)
        page = await self._send(url)
        values = page.get("value") if isinstance(page, dict) else None
        if not isinstance(values, list):
            raise ReadError("a list answer without a list")
        following = page.get("nextLink")
        if following is not None and not isinstance(following, str):
            raise ReadError("the link to the next page is not a text")
        return values, following or None

    async def _send(self, url: str) -> Json:
        from azure.core.rest import HttpRequest

        self._pin(url)
        response = await _guarded(self._resources.send_request(HttpRequest("GET", url)))
        if response.status_code != 200:
            raise refusal(response)
        try:
            return json.loads(response.content)
        except (ValueError, RecursionError) as error:
            raise ReadError("the answer is not JSON", status=response.status_code) from error

    def _pin(self, url: str) -> None:
        origin = _origin(url)
        if origin is None or origin != _origin(self._endpoint):
            raise ReadError(f"the next page lies on another host ({_host(url) or 'none'}) and was not followed")


def _origin(url: str) -> tuple[str, str, int | None] | None:
    """Scheme, host and port; None for what is no address or carries a user name."""
    try:
        parts = urlsplit(url)
        port = parts.port or {"https": 443, "http": 80}.get(parts.scheme)
    except ValueError:
        return None
    return None if "@" in parts.netloc or "\\" in parts.netloc else (parts.scheme, (parts.hostname or "").lower(), port)


def _host(url: str) -> str:
    try:
        return urlsplit(url).netloc[:100]
    except ValueError:
        return ""


def _rows(answer: Any) -> tuple[list[dict[str, Json]], str | None]:
    """The rows of one page and the token of the next. `resultTruncated` is a text in Azure's answers."""
    if not isinstance(answer.data, list) or not all(isinstance(row, dict) for row in answer.data):
        raise ReadError("Resource Graph answered without rows")
    if answer.skip_token:
        return answer.data, str(answer.skip_token)
    if str(answer.result_truncated).lower() == "true":
        raise ReadError("Resource Graph cut its answer off")
    return answer.data, None


async def _guarded(awaitable: Any) -> Any:
    """Whatever Azure's clients raise, as a `ReadError`; an HTML answer makes typed ones raise AttributeError."""
    from azure.core.exceptions import AzureError, ClientAuthenticationError, HttpResponseError

    try:
        return await awaitable
    except ClientAuthenticationError as error:
        raise ReadError(_sign_in_failed(error), status=401) from error
    except HttpResponseError as error:
        if error.response is not None and error.response.status_code != 200:
            raise refusal(error.response) from error
        raise ReadError(first_line(error)) from error
    except (AzureError, AttributeError, LookupError, OSError, RecursionError, TypeError, ValueError) as error:
        raise ReadError(first_line(error)) from error


def _sign_in_failed(error: Any) -> str:
    """ARM's 401, or the token endpoint's refusal to renew the sign-in."""
    if error.response is not None and error.response.status_code == 401 and (code := _code_of(error.response)):
        return f"401 {code}"
    return f"401 the sign-in ended: {telling_line(str(error))}"


def refusal(response: Any) -> ReadError:
    """An answer other than 200, by its status and ARM's code."""
    code = _code_of(response)
    return ReadError(f"{response.status_code} {code}".strip(), status=response.status_code, code=code)


def _code_of(response: Any) -> str:
    """ARM's error code, with or without the `error` wrapper; empty where the answer is not ARM's."""
    try:
        body = json.loads(response.content if hasattr(response, "content") else response.body())
        inner = body.get("error", body)
        code = inner.get("code")
    except (ValueError, AttributeError, LookupError, TypeError, RecursionError):
        return ""
    return code[:100] if isinstance(code, str) else ""


def first_line(error: BaseException) -> str:
    """An exception in one line of at most 200 characters."""
    text = str(error).strip().splitlines()
    return f"{type(error).__name__}: {text[0][:200]}" if text else type(error).__name__


def telling_line(text: str) -> str:
    """The one line of a failed sign-in that says why: Entra's own code where there is one."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    telling = [line for line in lines if "AADSTS" in line] or [
        line for line in lines if any(words in line for words in ("failed:", "Cannot connect", "Azure asks to wait"))
    ]
    return (telling or lines or ["no credential was found"])[0][:300]


def _identity(value: dict[str, Json], position: int) -> str:
    own = value.get("id")
    return own.lower() if isinstance(own, str) and own else f"#{position}"
