-- Access that was given and never used, by entitlement: what could be narrowed or dropped.
SELECT entitlement, count(*) AS unused, max(starts_at) AS latest, sum(window_seconds) AS seconds
FROM grants
WHERE used = false AND ended_at IS NOT NULL
GROUP BY entitlement
ORDER BY unused DESC, entitlement;
