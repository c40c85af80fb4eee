-- The longest grants.
SELECT window_seconds, granted_seconds, requester, entitlement, starts_at, expires_at, outcome, request
FROM grants
ORDER BY window_seconds DESC, starts_at, request
LIMIT 50;
