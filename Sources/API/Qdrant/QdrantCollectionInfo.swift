import Core
import Memories
import Search

/// What Qdrant tells of a collection.
struct QdrantCollectionInfo: JSONEncodable {
    let collection: PointCollection
    let pointCount: Int
    let indexedCount: Int

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("status", "green")
            json.member("optimizer_status", "ok")
            json.member("indexed_vectors_count", indexedCount)
            json.member("points_count", pointCount)
            json.member("segments_count", 1)
            json.member("config", object: writeConfiguration)
            json.member("payload_schema", object: writeIndexes)
        }
    }

    private func writeConfiguration(to json: inout JSONWriter) {
        let vectors = collection.definition.vectors
        json.member(
            "params",
            object: { json in
                if let only = vectors.first, vectors.count == 1, only.name.isEmpty {
                    json.member("vectors", QdrantVectorParameters(vector: only))
                } else {
                    json.member(
                        "vectors",
                        object: { json in
                            for vector in vectors {
                                json.key(named: vector.name)
                                json.value(QdrantVectorParameters(vector: vector))
                            }
                        })
                }
                json.member("shard_number", 1)
                json.member("replication_factor", 1)
                json.member("write_consistency_factor", 1)
                json.member("on_disk_payload", true)
            })
        json.member(
            "hnsw_config",
            object: { json in
                json.member("m", vectors.first?.m ?? 16)
                json.member("ef_construct", vectors.first?.efConstruction ?? 100)
                json.member("full_scan_threshold", 10_000)
                json.member("max_indexing_threads", 0)
                json.member("on_disk", false)
            })
        json.member(
            "optimizer_config",
            object: { json in
                json.member("deleted_threshold", 0.2)
                json.member("vacuum_min_vector_number", 1_000)
                json.member("default_segment_number", 1)
                json.member("flush_interval_sec", 1)
            })
        json.member(
            "quantization_config",
            object: { json in
                json.member(
                    "scalar",
                    object: { json in
                        json.member("type", "int8")
                        json.member("quantile", 0.99)
                        json.member("always_ram", true)
                    })
            })
        if let metadata = collection.definition.metadata { json.member("metadata", metadata) }
    }

    private func writeIndexes(to json: inout JSONWriter) {
        for field in collection.definition.indexes {
            json.key(named: field.path)
            json.object { json in
                json.member("data_type", field.kind.rawValue)
                if let options = field.options { json.member("params", options) }
                json.member("points", pointCount)
            }
        }
    }
}

private struct QdrantVectorParameters: JSONEncodable {
    let vector: VectorDefinition

    func write(to json: inout JSONWriter) {
        json.object { json in
            json.member("size", vector.size)
            json.member("distance", QdrantDistance(vector.metric).rawValue)
            if vector.isOnDisk { json.member("on_disk", true) }
        }
    }
}
