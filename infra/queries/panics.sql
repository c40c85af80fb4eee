-- Everything that was stopped at once: panics and offboardings, who ordered them and why, and how many grants they ended.
SELECT s.recorded_at, s.event, s.person, s.reason, s.stream,
       (SELECT count(*) FROM grants g
        WHERE g.end_reason = CASE s.event WHEN 'panicStarted' THEN 'panic' ELSE 'offboarded' END
          AND g.revoked_at >= s.recorded_at
          AND g.revoked_at <= coalesce((SELECT max(f.recorded_at) FROM system f
                                        WHERE f.stream = s.stream AND f.event = 'sweepFinished'), g.revoked_at)) AS ended
FROM system s
WHERE s.event IN ('panicStarted', 'offboardingStarted')
ORDER BY s.recorded_at, s.stream;
