"""EventBridge: how a rule calls a function."""

import json

from ministack.services import eventbridge, lambda_svc


def install() -> None:
    """AWS: asynchronously, so Lambda tries a failing function twice more and then tells its OnFailure destination or
    dead-letter queue. MiniStack: once; a failure is lost."""

    def _dispatch_to_lambda(arn, payload):
        try:
            event = json.loads(payload)
        except (ValueError, TypeError):
            event = {"body": payload}
        function, config, _ = lambda_svc._get_func_record_for_ref(arn)
        if function and config:
            lambda_svc.invoke_async_with_retry(lambda_svc._execution_record_for_config(function, config), event)

    eventbridge._dispatch_to_lambda = _dispatch_to_lambda
