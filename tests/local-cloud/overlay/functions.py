"""Lambda: a function's own identity and its environment."""

import pathlib

from ministack.services import iam, lambda_svc, sts

from overlay import settings


def install() -> None:
    """Patch the execution role's session and the variables Lambda sets."""
    _install_identity()
    _install_environment()


def _install_identity() -> None:
    """AWS: a function's `aws:userid` is `<the role's AROA id>:<function>`, and its session is an assumed role (so one hour
    is the most it gets when it assumes another). MiniStack: the role's name for an id, no kind of principal."""
    stock = sts.register_session

    def register_session(access_key, session):
        arn = session.get("Arn", "")
        if ":assumed-role/" in arn and "PrincipalType" not in session:
            account, (_, role_name, session_name) = arn.split(":")[4], arn.split("/", 2)
            role = iam._roles.get_scoped(account, None, role_name) or {}
            session["PrincipalType"] = "AssumedRole"
            session["AccountId"] = account
            session["UserId"] = f"{role.get('RoleId', role_name)}:{session_name}"
        stock(access_key, session)

    sts.register_session = register_session


def _install_environment() -> None:
    """AWS: LoggingConfig reaches the function as AWS_LAMBDA_LOG_FORMAT, AWS_LAMBDA_LOG_LEVEL and
    AWS_LAMBDA_LOG_GROUP_NAME. MiniStack: sets none of them for compiled functions."""
    stock = lambda_svc._provided_worker_env

    def _provided_worker_env(config, code_dir, port):
        environment = stock(config, code_dir, port)
        logging = config.get("LoggingConfig") or {}
        environment["AWS_LAMBDA_LOG_GROUP_NAME"] = logging.get("LogGroup") or f"/aws/lambda/{config.get('FunctionName')}"
        if logging.get("LogFormat") == "JSON":
            environment["AWS_LAMBDA_LOG_FORMAT"] = "JSON"
            environment["AWS_LAMBDA_LOG_LEVEL"] = logging.get("ApplicationLogLevel", "INFO")
        endpoint = pathlib.Path(settings.FUNCTIONS_ENDPOINT)
        if settings.FUNCTIONS_ENDPOINT and endpoint.is_file():
            environment["AWS_ENDPOINT_URL"] = endpoint.read_text(encoding="utf-8").strip()
        return environment

    # The warm workers import the name from lambda_svc at each start, so this one place is enough.
    lambda_svc._provided_worker_env = _provided_worker_env
