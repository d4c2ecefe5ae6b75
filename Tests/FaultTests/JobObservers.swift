/// Observers of jobs, as they stand in a file.
enum JobObservers {
    /// One delivers to a receiver that behaves badly, one to a receiver that refuses some, and one counts.
    ///
    /// What behaves badly is tried again so often that chance alone gives nothing up.
    static func file(_ badly: JobReceiver, _ refusing: JobReceiver) -> String {
        """
        statements:
          tally: "INSERT INTO tallies (position, times) VALUES (:position, 1)
            ON CONFLICT (position) DO UPDATE SET times = tallies.times + 1"
        observers:
          - name: delivering
            entity_types: [job]
            condition: "kind == 'wanted'"
            timeout_ms: 500
            retry: {strategy: fixed, initial_delay_ms: 20, max_attempts: 40}
            actions: [{type: webhook, url: "\(badly.url())"}]
          - name: refused
            entity_types: [job]
            condition: "kind == 'refused' || kind == 'mixed'"
            timeout_ms: 5000
            retry: {strategy: fixed, initial_delay_ms: 10, max_attempts: 2}
            actions: [{type: webhook, url: "\(refusing.url("/jobs/{{ kind }}"))"}]
          - name: counting
            entity_types: [job]
            condition: "kind == 'wanted'"
            actions: [{type: database, statement: tally, params: {position: "{{ event.position }}"}}]
        """
    }
}
