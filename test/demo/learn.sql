-- One call: examples in, a calibrated model out.
SELECT version, examples, labels, seconds,
       to_char(100 * accuracy, 'FM990.0') AS accuracy,
       to_char(calibration_error, 'FM0.000') AS calibration_error,
       to_char(100 * out_of_scope_threshold, 'FM990') AS threshold
FROM triage.train('intent', :'examples')
\gset
SELECT to_char(:seconds, 'FM99990.0') AS seconds \gset
\echo :labels labels learnt from :examples examples in :seconds seconds.
\echo On examples it had not seen while learning: :accuracy % right, calibration error :calibration_error
