-- tools/objects.sql: what is wrong with the objects of the extension; no row when
-- nothing is. Run in a database that has it, by lint.sh.
\set QUIET on
\pset format unaligned
\pset tuples_only on

WITH member AS (
    SELECT d.classid, d.objid, o.type, o.identity
    FROM pg_depend d, pg_identify_object(d.classid, d.objid, 0) AS o
    WHERE d.refclassid = 'pg_extension'::regclass AND d.deptype = 'e'
      AND d.refobjid = (SELECT oid FROM pg_extension WHERE extname = 'support_triage')
),
relation AS (
    -- composite types are relations too: their columns carry comments as a table's do
    SELECT c.oid, c.relkind, c.relowner, c.relacl, c.reloptions, c.oid::regclass::text AS name
    FROM pg_class c
    WHERE c.relkind IN ('r', 'p', 'v', 'm', 'c', 'f')
      AND (EXISTS (SELECT FROM member m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)
        OR EXISTS (SELECT FROM member m WHERE m.classid = 'pg_type'::regclass AND m.objid = c.reltype))
),
proc AS (
    SELECT p.*, p.oid::regprocedure::text AS name
    FROM pg_proc p JOIN member m ON m.classid = 'pg_proc'::regclass AND m.objid = p.oid
),
granted AS (
    SELECT 'function ' || name AS what, coalesce(proacl, acldefault('f', proowner)) AS acl FROM proc
    UNION ALL
    SELECT 'relation ' || name, coalesce(relacl, acldefault('r', relowner)) FROM relation WHERE relkind <> 'c'
    UNION ALL
    SELECT 'column ' || r.name || '.' || a.attname, a.attacl
    FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid WHERE a.attacl IS NOT NULL
    UNION ALL
    SELECT 'sequence ' || c.oid::regclass, coalesce(c.relacl, acldefault('s', c.relowner))
    FROM pg_class c JOIN member m ON m.classid = 'pg_class'::regclass AND m.objid = c.oid WHERE c.relkind = 'S'
    UNION ALL
    SELECT 'schema ' || nspname, coalesce(nspacl, acldefault('n', nspowner)) FROM pg_namespace WHERE nspname = 'triage'
    -- USAGE of types to PUBLIC, the default, gives nothing away and is let be.
)
SELECT 'no comment: ' || type || ' ' || identity
FROM member
WHERE obj_description(objid, (SELECT relname FROM pg_class WHERE oid = classid)) IS NULL
  AND type NOT IN ('sequence', 'index', 'cast')
  -- a table's own row type and the array type of a type are commented with it
  AND NOT (classid = 'pg_type'::regclass AND EXISTS (
        SELECT FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
        WHERE t.oid = objid AND (t.typcategory = 'A' OR c.relkind <> 'c')))
  AND NOT (classid = 'pg_class'::regclass AND (SELECT relkind FROM pg_class WHERE oid = objid) = 'c')
UNION ALL
SELECT 'no comment: column ' || r.name || '.' || a.attname
FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
WHERE col_description(r.oid, a.attnum) IS NULL
UNION ALL
SELECT 'no comment: schema triage' WHERE obj_description('triage'::regnamespace, 'pg_namespace') IS NULL
UNION ALL
SELECT 'granted to PUBLIC (' || string_agg(a.privilege_type, ', ' ORDER BY a.privilege_type) || '): ' || g.what
FROM granted g, aclexplode(g.acl) AS a
WHERE a.grantee = 0
GROUP BY g.what
UNION ALL
SELECT 'SECURITY DEFINER without a search_path of its own that ends in pg_temp: function ' || name
FROM proc
WHERE prosecdef AND NOT EXISTS (
    SELECT FROM unnest(proconfig) AS setting WHERE setting ~ '^search_path=.*pg_temp"?$')
UNION ALL
SELECT 'no security_invoker: view ' || name
FROM relation
WHERE relkind = 'v' AND NOT coalesce(reloptions && ARRAY['security_invoker=true', 'security_invoker=on'], false)
UNION ALL
-- Objects that the script forgot to make members, and strangers in our schema.
SELECT 'in schema triage but no part of the extension: ' || c.oid::regclass
FROM pg_class c
WHERE c.relnamespace = 'triage'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'S')
  AND NOT EXISTS (SELECT FROM member m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)
ORDER BY 1;
