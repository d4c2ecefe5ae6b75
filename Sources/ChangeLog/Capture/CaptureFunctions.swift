import Storage

/// The functions that a captured database gets, in the schema of the log. They stand together here because they are one
/// program in PL/pgSQL; each statement replaces what an earlier version has made.
///
/// `capture_change` is called for each row that was inserted, updated or deleted, once that has taken effect and while
/// the row is locked: so the positions of an entity ascend in the order of its changes. It runs with the rights of
/// whoever installed it, so that those who write need none on the log; for that reason it looks up names only where
/// nobody else can put any, and nobody else may make triggers of it.
enum CaptureFunctions {
    /// What the triggers are called. Triggers of one event run in the order of their names: this one comes before those
    /// that change the same row again, and before the cascades of foreign keys (`RI_ConstraintTrigger…`).
    static let trigger = "00_millrace_capture"
    /// The function that the triggers call.
    static let function = "capture_change"

    /// The statements that make the functions.
    static func statements(in schema: SQL) -> [SQL] {
        [entity(schema), append(schema), change(schema), install(schema), release(schema)]
            + signatures.map { "REVOKE ALL ON FUNCTION \(schema).\($0) FROM PUBLIC" }
    }

    /// The statements that take them away.
    static func removal(in schema: SQL) -> [SQL] {
        signatures.map { "DROP FUNCTION IF EXISTS \(schema).\($0)" }
    }

    private static let signatures: [SQL] = [
        "capture_change()", "capture_install(oid, text)", "capture_release(oid)",
        "capture_append(bigint, text, uuid, text, jsonb, jsonb, text)", "capture_entity(text, jsonb, text[])",
    ]

    /// The identifier of a row: its key if that is a UUID, else one made of SHA-256 over the table and the key (version
    /// 8, RFC 9562, section 5.8), so that the same row has the same identifier wherever it is computed.
    private static func entity(_ schema: SQL) -> SQL {
        """
        CREATE OR REPLACE FUNCTION \(schema).capture_entity(source text, image jsonb, keys text[]) RETURNS uuid
        LANGUAGE plpgsql IMMUTABLE AS $capture$
        DECLARE
            single text := image ->> keys[1];
            key text := '[' || (image -> keys[1])::text || ']';
            digest bytea;
        BEGIN
            IF NOT jsonb_exists_all(image, keys) THEN
                RAISE EXCEPTION 'Millrace captures % by %, and there is no such column any more', source, keys
                USING ERRCODE = 'undefined_column',
                    HINT = 'Run millrace observers capture for the table again; --key names other columns.';
            END IF;
            IF cardinality(keys) = 1
                AND single ~ '^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$'
            THEN
                RETURN single::uuid;
            END IF;
            IF cardinality(keys) <> 1 THEN
                SELECT COALESCE(jsonb_agg(image -> name ORDER BY place), '[]')::text INTO key
                    FROM unnest(keys) WITH ORDINALITY AS parts(name, place);
            END IF;
            digest := substring(sha256(convert_to(source || key, 'UTF8')) FOR 16);
            digest := set_byte(digest, 6, (get_byte(digest, 6) & 15) | 128);
            digest := set_byte(digest, 8, (get_byte(digest, 8) & 63) | 128);
            RETURN encode(digest, 'hex')::uuid;
        END
        $capture$
        """
    }

    /// Appends one change. Within a function with the rights of its owner, `current_user` is the owner; who writes is
    /// told by the role that the session has taken (`SET ROLE`) or has logged in as.
    private static func append(_ schema: SQL) -> SQL {
        """
        CREATE OR REPLACE FUNCTION \(schema).capture_append(
            tenant bigint, entity_type text, entity uuid, operation text, old_image jsonb, new_image jsonb, fields text)
        RETURNS void LANGUAGE plpgsql AS $capture$
        BEGIN
            INSERT INTO \(schema).changes (tenant, entity_type, entity_id, operation, after_image, before_image,
                changed_fields, actor, changed_at)
            VALUES (tenant, entity_type, entity, operation, new_image::text, old_image::text, fields,
                CASE current_setting('role') WHEN 'none' THEN session_user ELSE current_setting('role') END,
                (extract(epoch FROM clock_timestamp()) * 1000000)::bigint);
        END
        $capture$
        """
    }

    /// What the triggers call, with ``CapturedTable/triggerArguments``. Images look the same whatever the session of
    /// the writer has set.
    ///
    /// Images are compared, not rows: some types have no operator that compares them. A row whose key has changed is
    /// another entity: the one goes and the other comes.
    private static func change(_ schema: SQL) -> SQL {
        """
        CREATE OR REPLACE FUNCTION \(schema).capture_change() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
        SET search_path = pg_catalog, pg_temp SET timezone = 'UTC' SET intervalstyle = 'iso_8601'
        SET bytea_output = 'hex' SET extra_float_digits = 1
        AS $capture$
        DECLARE
            type text := TG_ARGV[0];
            tenant bigint := TG_ARGV[1];
            source text := TG_ARGV[2];
            keys text[] := TG_ARGV[4:];
            old_image jsonb;
            new_image jsonb;
            old_entity uuid;
            new_entity uuid;
            fields text;
        BEGIN
            IF TG_OP IN ('UPDATE', 'DELETE') THEN
                old_image := to_jsonb(OLD);
            END IF;
            IF TG_OP IN ('INSERT', 'UPDATE') THEN
                new_image := to_jsonb(NEW);
            END IF;
            IF old_image = new_image THEN
                RETURN NULL;
            END IF;
            IF old_image IS NOT NULL THEN
                old_entity := \(schema).capture_entity(source, old_image, keys);
            END IF;
            IF new_image IS NOT NULL THEN
                new_entity := \(schema).capture_entity(source, new_image, keys);
            END IF;
            IF TG_OP = 'TRUNCATE' THEN
                PERFORM \(schema).capture_append(tenant, type, \(schema).capture_entity(source, '{}', '{}'), 'custom',
                    NULL, jsonb_build_object('truncated', source), '');
            ELSIF TG_OP = 'INSERT' THEN
                PERFORM \(schema).capture_append(tenant, type, new_entity, 'insert', NULL, new_image, '');
            ELSIF TG_OP = 'DELETE' THEN
                PERFORM \(schema).capture_append(tenant, type, old_entity, 'delete', old_image, NULL, '');
            ELSIF old_entity = new_entity THEN
                SELECT string_agg(replace(replace(field.key, '%', '%25'), ',', '%2C'), ',') INTO fields
                    FROM jsonb_each(new_image) AS field WHERE field.value IS DISTINCT FROM (old_image -> field.key);
                PERFORM \(schema).capture_append(tenant, type, new_entity, 'update', old_image, new_image, fields);
            ELSE
                PERFORM \(schema).capture_append(tenant, type, old_entity, 'delete', old_image, NULL, '');
                PERFORM \(schema).capture_append(tenant, type, new_entity, 'insert', NULL, new_image, '');
            END IF;
            IF TG_ARGV[3] = 'notify' THEN
                PERFORM pg_notify('millrace_changes', '');
            END IF;
            RETURN NULL;
        END
        $capture$
        """
    }

    /// Gives a table its triggers: PostgreSQL itself quotes the names. No row of it may be truncated unnoticed either.
    private static func install(_ schema: SQL) -> SQL {
        """
        CREATE OR REPLACE FUNCTION \(schema).capture_install(captured oid, arguments text) RETURNS void
        LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $capture$
        DECLARE
            list text;
        BEGIN
            SELECT string_agg(quote_literal(value), ', ' ORDER BY place) INTO list
                FROM jsonb_array_elements_text(arguments::jsonb) WITH ORDINALITY AS parts(value, place);
            EXECUTE format('CREATE OR REPLACE TRIGGER \(SQL.name(trigger)) AFTER INSERT OR UPDATE OR DELETE ON %s '
                'FOR EACH ROW EXECUTE FUNCTION \(schema).capture_change(%s)', captured::regclass, list);
            EXECUTE format('CREATE OR REPLACE TRIGGER \(SQL.name(truncation)) AFTER TRUNCATE ON %s '
                'FOR EACH STATEMENT EXECUTE FUNCTION \(schema).capture_change(%s)', captured::regclass, list);
        END
        $capture$
        """
    }

    private static let truncation = "00_millrace_capture_truncation"

    /// Takes the triggers of a table away.
    private static func release(_ schema: SQL) -> SQL {
        """
        CREATE OR REPLACE FUNCTION \(schema).capture_release(captured oid) RETURNS void
        LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $capture$
        BEGIN
            EXECUTE format('DROP TRIGGER IF EXISTS \(SQL.name(trigger)) ON %s', captured::regclass);
            EXECUTE format('DROP TRIGGER IF EXISTS \(SQL.name(truncation)) ON %s', captured::regclass);
        END
        $capture$
        """
    }
}
