import CoreModel
import Host
import PeerCore
import RelayCore
import Scripting
import Wire

/// The counters of a relay as metrics for Prometheus.
struct RelayMetrics {
    /// The time at which the process started.
    let startedAt = Clock.wall()

    func page(of counters: RelayCounters) -> [UInt8] {
        MetricPage.text(
            of: Self.now(counters) + Self.traffic(counters.sinceStart) + Self.doors(counters.sinceStart) + process)
    }

    private static func now(_ counters: RelayCounters) -> [Metric] {
        [
            Metric(.gauge, "earshot_relay_members", "Members that are present, guests included.", counters.members),
            Metric(.gauge, "earshot_relay_guests", "Guests with plain text.", counters.guests),
            Metric(.gauge, "earshot_relay_strangers", "Connections that have not joined.", counters.unauthenticated),
            Metric(.gauge, "earshot_relay_entries", "Entries in the lobby's log.", counters.entriesKept),
            Metric(.gauge, "earshot_relay_bans", "Bans in force.", counters.bans),
        ]
    }

    private static func traffic(_ totals: RelayCounters.Totals) -> [Metric] {
        [
            Metric(.counter, "earshot_relay_entries_total", "Entries that were accepted.", totals.entriesAccepted),
            Metric(
                .counter, "earshot_relay_entries_declined_total", "Entries that were not accepted.",
                totals.entriesDeclined),
            Metric(
                .counter, "earshot_relay_deliveries_total", "Deliveries of entries to members.",
                totals.deliveries),
            Metric(
                .counter, "earshot_relay_bytes_total", "Bytes on links.", by: "direction",
                [("in", Double(totals.bytesReceived)), ("out", Double(totals.bytesSent))]),
            Metric(
                .counter, "earshot_relay_tunnel_bytes_total", "Bytes carried from member to member.",
                totals.tunnelBytes),
        ]
    }

    private static func doors(_ totals: RelayCounters.Totals) -> [Metric] {
        let refusals = RelayRefusal.Code.sent.map { code in
            ("\(code)", Double(totals.refusals[Int(code.rawValue)]))
        }
        let failures = totals.failures
        return [
            Metric(
                .counter, "earshot_relay_connections_total", "Connections.", by: "outcome",
                [
                    ("accepted", Double(totals.connectionsAccepted)), ("refused", Double(totals.connectionsRefused)),
                    ("failed", Double(totals.handshakesFailed)),
                ]),
            Metric(.counter, "earshot_relay_joins_total", "Members that joined.", totals.joins),
            Metric(.counter, "earshot_relay_leaves_total", "Members that left.", totals.leaves),
            Metric(.counter, "earshot_relay_refusals_total", "Joins refused.", by: "reason", refusals),
            Metric(
                .counter, "earshot_relay_removals_total", "Members removed.", by: "reason",
                [
                    ("violation", Double(failures.violations)), ("slow", Double(failures.tooSlow)),
                    ("flood", Double(failures.floods)), ("kick", Double(failures.kicks)),
                ]),
            Metric(
                .counter, "earshot_relay_archive_failures_total", "Failures to save data.",
                failures.archiveFailures),
        ]
    }

    private var process: [Metric] {
        let usage = ProcessUsage.current
        return [
            Metric(
                .counter, "process_cpu_seconds_total", "Time on processors, in seconds.", usage.processorSeconds),
            Metric(
                .gauge, "process_resident_memory_bytes", "Resident memory, in bytes.", Double(usage.residentBytes)),
            Metric(
                .gauge, "process_start_time_seconds", "When the process began, in seconds since 1970.",
                Double(startedAt.milliseconds) / 1000),
        ]
    }
}

extension Metric {
    fileprivate init(_ kind: Kind, _ name: String, _ help: String, _ value: some BinaryInteger) {
        self.init(kind, name, help, Double(value))
    }
}
