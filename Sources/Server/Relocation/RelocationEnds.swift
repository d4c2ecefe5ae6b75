import ChangeLog
import Core
import Foundation
import Storage
import Telemetry

/// Where a relocation reads and where it writes.
struct RelocationEnds: Sendable {
    /// The data directory, locked, so that no server runs on it.
    let directory: DataDirectory
    let source: SQLiteDatabase
    let target: PostgresDatabase
    let loader: PostgresLoader

    /// How long a statement may run on the target: the audit and the verification go over everything.
    private static let statementTimeout = Duration.seconds(86_400)
    /// How long one may run at the source, in milliseconds, as the setting has it: the longest that it takes.
    private static let sourceTimeout = "3600000"

    /// Opens both.
    ///
    /// - throws: ``Failure`` `relocation_source_missing`, `data_directory_in_use`, or one of the storage.
    init(from path: String, to url: String, settings: SettingsValues) async throws {
        guard FileManager.default.fileExists(atPath: "\(path)/\(Store.fileName)") else {
            throw Failure(
                .notFound, code: "relocation_source_missing",
                "\(path) has no \(Store.fileName). Give --from the data directory of a server.")
        }
        let directory = try DataDirectory(path)
        do {
            var options = PostgresOptions(url: url, settings: settings)
            options.statementTimeout = Self.statementTimeout
            let metrics = MetricsRegistry()
            let patient = try AllSettings.registry().values(from: [
                SettingsSource(
                    name: "relocation", texts: [StorageSettings.statementTimeout.name: Self.sourceTimeout])
            ])
            let source = try SQLiteDatabase(path: directory.file(Store.fileName), settings: patient, metrics: metrics)
            do {
                // It makes the schema that the loader locks.
                target = try await PostgresDatabase(options, settings: settings, metrics: metrics)
                loader = try PostgresLoader(options)
            } catch {
                await source.close()
                throw error
            }
            self.source = source
            self.directory = directory
        } catch {
            directory.release()
            throw error
        }
    }

    func close() async {
        await target.close()
        await source.close()
        directory.release()
    }
}
