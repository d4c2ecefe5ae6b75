// What SQLite itself can do on this disk: durable transactions of the shape of an order, with nothing around them.
//
//     cc -O2 -o sqlite_ceiling sqlite_ceiling.c -lsqlite3 && ./sqlite_ceiling FILE SECONDS
//
// One order is 17 rows in 6 tables (order, 3 lines, 3 reservations, 3 balances, 7 changes), as the server writes it.
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static sqlite3 *db;

static void run(const char *sql) {
    char *message = 0;
    if (sqlite3_exec(db, sql, 0, 0, &message) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql, message);
        exit(1);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec * 1e-9;
}

static sqlite3_stmt *prepare(const char *sql) {
    sqlite3_stmt *statement = 0;
    if (sqlite3_prepare_v2(db, sql, -1, &statement, 0) != SQLITE_OK) {
        fprintf(stderr, "%s: %s\n", sql, sqlite3_errmsg(db));
        exit(1);
    }
    return statement;
}

static void step(sqlite3_stmt *statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) {
        fprintf(stderr, "%s\n", sqlite3_errmsg(db));
        exit(1);
    }
    sqlite3_reset(statement);
}

static long long next_id;

static void bind_id(sqlite3_stmt *statement, int index) {
    unsigned char id[16];
    next_id++;
    for (int byte = 0; byte < 8; byte++) id[byte] = (unsigned char)(next_id >> (56 - 8 * byte));
    for (int byte = 8; byte < 16; byte++) id[byte] = (unsigned char)rand();
    sqlite3_bind_blob(statement, index, id, 16, SQLITE_TRANSIENT);
}

int main(int count, char **arguments) {
    if (count != 3) return 64;
    double seconds = atof(arguments[2]);
    if (sqlite3_open(arguments[1], &db) != SQLITE_OK) return 1;
    run("PRAGMA journal_mode=WAL");
    run("PRAGMA synchronous=FULL");
    run("PRAGMA temp_store=MEMORY");
    run("CREATE TABLE orders(id BLOB PRIMARY KEY, number TEXT UNIQUE, status TEXT, body TEXT);"
        "CREATE INDEX orders_status ON orders(status, id);"
        "CREATE TABLE lines(order_id BLOB, line INTEGER, body TEXT, PRIMARY KEY(order_id, line)) WITHOUT ROWID;"
        "CREATE TABLE reservations(id BLOB PRIMARY KEY, body TEXT);"
        "CREATE TABLE balances(sku INTEGER PRIMARY KEY, on_hand INTEGER, reserved INTEGER);"
        "CREATE TABLE changes(position INTEGER PRIMARY KEY, entity BLOB, after TEXT)");
    run("BEGIN");
    sqlite3_stmt *fill = prepare("INSERT INTO balances VALUES(?, 1000000, 0)");
    for (int sku = 0; sku < 100000; sku++) {
        sqlite3_bind_int(fill, 1, sku);
        step(fill);
    }
    run("COMMIT");
    sqlite3_stmt *order = prepare("INSERT INTO orders VALUES(?, ?, 'pending', ?)");
    sqlite3_stmt *line = prepare("INSERT INTO lines VALUES(?, ?, ?)");
    sqlite3_stmt *reservation = prepare("INSERT INTO reservations VALUES(?, ?)");
    sqlite3_stmt *balance =
        prepare("UPDATE balances SET reserved = reserved + 1 WHERE sku = ? AND on_hand - reserved >= 1");
    sqlite3_stmt *change = prepare("INSERT INTO changes(entity, after) VALUES(?, ?)");
    char body[1024];
    memset(body, 'x', sizeof body);
    int sizes[] = {1, 16, 64};
    for (int size = 0; size < 3; size++) {
        long long orders = 0;
        double start = now();
        while (now() - start < seconds) {
            run("BEGIN IMMEDIATE");
            for (int batch = 0; batch < sizes[size]; batch++) {
                char number[24];
                snprintf(number, sizeof number, "M-%lld", next_id);
                bind_id(order, 1);
                sqlite3_bind_text(order, 2, number, -1, SQLITE_TRANSIENT);
                sqlite3_bind_text(order, 3, body, 300, SQLITE_STATIC);
                step(order);
                for (int index = 0; index < 3; index++) {
                    bind_id(line, 1);
                    sqlite3_bind_int(line, 2, index);
                    sqlite3_bind_text(line, 3, body, 120, SQLITE_STATIC);
                    step(line);
                    bind_id(reservation, 1);
                    sqlite3_bind_text(reservation, 2, body, 120, SQLITE_STATIC);
                    step(reservation);
                    sqlite3_bind_int(balance, 1, rand() % 100000);
                    step(balance);
                }
                for (int index = 0; index < 7; index++) {
                    bind_id(change, 1);
                    sqlite3_bind_text(change, 2, body, index == 0 ? 1000 : 300, SQLITE_STATIC);
                    step(change);
                }
                orders++;
            }
            run("COMMIT");
        }
        printf("CEILING batch=%d orders_per_second=%.0f\n", sizes[size], orders / (now() - start));
    }
    return 0;
}
