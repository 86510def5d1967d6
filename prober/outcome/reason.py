"""Why a run ends as it does: verdicts, and the closed list of reasons with their families and symptoms.

The tree of reasons, drawn once:

    transport   dns_failed connect_refused connect_failed connect_timeout proxy_failed
                tls_expired tls_untrusted tls_hostname tls_failed
                connection_reset connection_closed not_http spawn_failed process_exited
    http        unauthorized forbidden not_found rate_limited client_error server_error unavailable
                redirected bad_content_type bad_encoding token_failed
    protocol    malformed_json malformed_message wrong_id no_response stream_ended version_unsupported
                session_lost rpc_error bad_result input_required too_large bad_endpoint
                dead_session http_rule_broken headers_unchecked origin_unchecked cache_leak
    tool        tool_missing tool_error not_read_only
    verdict     output_schema_invalid output_schema_mismatch schema_mismatch expectation_failed
                too_slow contract_broken second_opinion_failed client_unusable metrics_untrue
                auth_not_enforced auth_challenge_wrong auth_metadata_broken stream_cut
    race        lost_update torn_read stale_read non_monotonic_read duplicate_effect phantom_value
                order_violation exclusion_broken lock_stuck answer_crossed
    deadline    timeout
    prober      internal_error prober_shortage not_run undecided

"The server could not be asked", "it answered wrongly" and "it is our own fault" stay apart: the first seven families
are a `fail`, the `prober` family is `unknown`. Whatever groups reasons by family asks `Reason.family`.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final, Self


class Verdict(StrEnum):
    """How one run ended."""

    PASS = "pass"  # noqa: S105 - a verdict, not a password
    FAIL = "fail"
    UNKNOWN = "unknown"


class Family(StrEnum):
    """The families of reasons, from the outermost layer that can fail to the prober itself."""

    TRANSPORT = "transport"
    HTTP = "http"
    PROTOCOL = "protocol"
    TOOL = "tool"
    VERDICT = "verdict"
    RACE = "race"
    DEADLINE = "deadline"
    PROBER = "prober"

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons of this family, in the order of the tree."""
        return tuple(reason for reason in Reason if reason.family is self)


class Symptom(StrEnum):
    """What a caller of the server feels. Alerts and metrics go by it: one outage has many reasons and one symptom."""

    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    WRONG_ANSWER = "wrong_answer"
    TOO_SLOW = "too_slow"
    CONTRACT_BROKEN = "contract_broken"
    RACE_VIOLATION = "race_violation"
    UNKNOWN = "unknown"


class Reason(StrEnum):
    """Why a run did not pass. Values are label values in metrics: never renamed lightly, never free text."""

    DNS_FAILED = "dns_failed", Family.TRANSPORT
    CONNECT_REFUSED = "connect_refused", Family.TRANSPORT
    CONNECT_FAILED = "connect_failed", Family.TRANSPORT
    CONNECT_TIMEOUT = "connect_timeout", Family.TRANSPORT
    PROXY_FAILED = "proxy_failed", Family.TRANSPORT
    TLS_EXPIRED = "tls_expired", Family.TRANSPORT
    TLS_UNTRUSTED = "tls_untrusted", Family.TRANSPORT
    TLS_HOSTNAME = "tls_hostname", Family.TRANSPORT
    TLS_FAILED = "tls_failed", Family.TRANSPORT
    CONNECTION_RESET = "connection_reset", Family.TRANSPORT
    CONNECTION_CLOSED = "connection_closed", Family.TRANSPORT
    NOT_HTTP = "not_http", Family.TRANSPORT
    SPAWN_FAILED = "spawn_failed", Family.TRANSPORT
    PROCESS_EXITED = "process_exited", Family.TRANSPORT

    UNAUTHORIZED = "unauthorized", Family.HTTP
    FORBIDDEN = "forbidden", Family.HTTP
    NOT_FOUND = "not_found", Family.HTTP
    RATE_LIMITED = "rate_limited", Family.HTTP
    CLIENT_ERROR = "client_error", Family.HTTP
    SERVER_ERROR = "server_error", Family.HTTP
    UNAVAILABLE = "unavailable", Family.HTTP
    REDIRECTED = "redirected", Family.HTTP
    BAD_CONTENT_TYPE = "bad_content_type", Family.HTTP
    BAD_ENCODING = "bad_encoding", Family.HTTP
    TOKEN_FAILED = "token_failed", Family.HTTP

    MALFORMED_JSON = "malformed_json", Family.PROTOCOL
    MALFORMED_MESSAGE = "malformed_message", Family.PROTOCOL
    WRONG_ID = "wrong_id", Family.PROTOCOL
    NO_RESPONSE = "no_response", Family.PROTOCOL
    STREAM_ENDED = "stream_ended", Family.PROTOCOL
    VERSION_UNSUPPORTED = "version_unsupported", Family.PROTOCOL
    SESSION_LOST = "session_lost", Family.PROTOCOL
    RPC_ERROR = "rpc_error", Family.PROTOCOL
    BAD_RESULT = "bad_result", Family.PROTOCOL
    INPUT_REQUIRED = "input_required", Family.PROTOCOL
    TOO_LARGE = "too_large", Family.PROTOCOL
    BAD_ENDPOINT = "bad_endpoint", Family.PROTOCOL
    DEAD_SESSION = "dead_session", Family.PROTOCOL
    HTTP_RULE_BROKEN = "http_rule_broken", Family.PROTOCOL
    HEADERS_UNCHECKED = "headers_unchecked", Family.PROTOCOL
    ORIGIN_UNCHECKED = "origin_unchecked", Family.PROTOCOL
    CACHE_LEAK = "cache_leak", Family.PROTOCOL

    TOOL_MISSING = "tool_missing", Family.TOOL
    TOOL_ERROR = "tool_error", Family.TOOL
    NOT_READ_ONLY = "not_read_only", Family.TOOL

    OUTPUT_SCHEMA_INVALID = "output_schema_invalid", Family.VERDICT
    OUTPUT_SCHEMA_MISMATCH = "output_schema_mismatch", Family.VERDICT
    SCHEMA_MISMATCH = "schema_mismatch", Family.VERDICT
    EXPECTATION_FAILED = "expectation_failed", Family.VERDICT
    TOO_SLOW = "too_slow", Family.VERDICT
    CONTRACT_BROKEN = "contract_broken", Family.VERDICT
    SECOND_OPINION_FAILED = "second_opinion_failed", Family.VERDICT
    CLIENT_UNUSABLE = "client_unusable", Family.VERDICT
    METRICS_UNTRUE = "metrics_untrue", Family.VERDICT
    AUTH_NOT_ENFORCED = "auth_not_enforced", Family.VERDICT
    AUTH_CHALLENGE_WRONG = "auth_challenge_wrong", Family.VERDICT
    AUTH_METADATA_BROKEN = "auth_metadata_broken", Family.VERDICT
    STREAM_CUT = "stream_cut", Family.VERDICT

    LOST_UPDATE = "lost_update", Family.RACE
    TORN_READ = "torn_read", Family.RACE
    STALE_READ = "stale_read", Family.RACE
    NON_MONOTONIC_READ = "non_monotonic_read", Family.RACE
    DUPLICATE_EFFECT = "duplicate_effect", Family.RACE
    PHANTOM_VALUE = "phantom_value", Family.RACE
    ORDER_VIOLATION = "order_violation", Family.RACE
    EXCLUSION_BROKEN = "exclusion_broken", Family.RACE
    LOCK_STUCK = "lock_stuck", Family.RACE
    ANSWER_CROSSED = "answer_crossed", Family.RACE

    TIMEOUT = "timeout", Family.DEADLINE

    INTERNAL_ERROR = "internal_error", Family.PROBER
    PROBER_SHORTAGE = "prober_shortage", Family.PROBER
    NOT_RUN = "not_run", Family.PROBER
    UNDECIDED = "undecided", Family.PROBER

    family: Family

    def __new__(cls, value: str, *family: Family) -> Self:
        """A member is written as its label value and its one family; `Reason(value)` looks a member up."""
        reason = str.__new__(cls, value)
        reason._value_ = value
        [reason.family] = family
        return reason

    @property
    def symptom(self) -> Symptom:
        """What a caller of the server feels: the reason's own symptom where it has one, else that of its family."""
        return _SYMPTOMS.get(self) or _SYMPTOMS_OF_FAMILIES[self.family]

    @property
    def verdict(self) -> Verdict:
        """The verdict of a run that ends for this reason: `unknown` where the prober could not tell, else `fail`."""
        return Verdict.UNKNOWN if self.family is Family.PROBER else Verdict.FAIL


_SYMPTOMS_OF_FAMILIES: Final = {
    Family.TRANSPORT: Symptom.NO_ANSWER,
    Family.HTTP: Symptom.NO_ANSWER,
    Family.PROTOCOL: Symptom.NO_ANSWER,
    Family.DEADLINE: Symptom.NO_ANSWER,
    Family.TOOL: Symptom.WRONG_ANSWER,
    Family.VERDICT: Symptom.WRONG_ANSWER,
    Family.RACE: Symptom.RACE_VIOLATION,
    Family.PROBER: Symptom.UNKNOWN,
}
_SYMPTOMS: Final = {
    **dict.fromkeys(
        (Reason.UNAUTHORIZED, Reason.FORBIDDEN, Reason.RATE_LIMITED, Reason.TOKEN_FAILED), Symptom.REJECTED
    ),
    **dict.fromkeys(
        (
            Reason.RPC_ERROR,
            Reason.BAD_RESULT,
            Reason.INPUT_REQUIRED,
            Reason.TOO_LARGE,
            Reason.DEAD_SESSION,
            Reason.HTTP_RULE_BROKEN,
            Reason.HEADERS_UNCHECKED,
            Reason.ORIGIN_UNCHECKED,
            Reason.CACHE_LEAK,
        ),
        Symptom.WRONG_ANSWER,
    ),
    Reason.TOO_SLOW: Symptom.TOO_SLOW,
    Reason.CONTRACT_BROKEN: Symptom.CONTRACT_BROKEN,
}


class Situation(StrEnum):
    """What is known of a failure beyond its reason, and changes what is to be done about it.

    `prober.reasons.situations` has the next step of each.
    """

    NAME_UNKNOWN = "name_unknown"
    NAME_SERVER_SILENT = "name_server_silent"
    PROXY_UNREACHABLE = "proxy_unreachable"
    TLS_TO_PLAIN_PORT = "tls_to_plain_port"
    PLAIN_TO_TLS_PORT = "plain_to_tls_port"
    CERTIFICATE_NOT_YET_VALID = "certificate_not_yet_valid"
    CERTIFICATE_SELF_SIGNED = "certificate_self_signed"
    CLIENT_CERTIFICATE_WANTED = "client_certificate_wanted"
    PROGRAM_MISSING = "program_missing"
    PROGRAM_NOT_EXECUTABLE = "program_not_executable"
    FOLDER_MISSING = "folder_missing"
    TEXT_ON_STDOUT = "text_on_stdout"
    SLOW_START = "slow_start"
    NO_LEAVE = "no_leave"
    PROCESS_KILLED = "process_killed"
    TOKEN_ENDPOINT = "token_endpoint"  # noqa: S105 - a situation, not a password
    CREDENTIALS_MISSING = "credentials_missing"
    CREDENTIALS_REFUSED = "credentials_refused"
    PATH_MISSING = "path_missing"
    SSE_SERVER = "sse_server"
    STREAMABLE_SERVER = "streamable_server"
    GATEWAY = "gateway"
    METHOD_REFUSED = "method_refused"
    REDIRECT_ELSEWHERE = "redirect_elsewhere"
    WEB_PAGE = "web_page"
    UNKNOWN_METHOD = "unknown_method"
    INVALID_ARGUMENTS = "invalid_arguments"
    UNKNOWN_RESOURCE = "unknown_resource"
    SERVER_EXCEPTION = "server_exception"
    HEADERS_CHANGED = "headers_changed"
    NEW_SESSION_REFUSED = "new_session_refused"
    CAPABILITY_WANTED = "capability_wanted"
    TOKENS_OVER_BUDGET = "tokens_over_budget"
