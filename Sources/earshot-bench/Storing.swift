import CoreModel
import Foundation
import RoomSync
import Secure
import Store
import Wire

extension Benchmark {
    static let store = Benchmark(
        name: "store",
        about: "Entries stored, each in its own commit; the floor writes its bytes to a file, and syncs if required."
    ) { plan in
        var report = MeasurementReport()
        let directory = try ScratchDirectory()
        defer { directory.remove() }
        let rounds = plan.isQuick ? 200 : 1_000
        let entries = Fixtures.entries(rounds)
        for (name, durability) in [("normal", Durability.normal), ("full", .full)] {
            var floors: [Double] = []
            var times: [Double] = []
            for run in 0..<plan.runs {
                floors.append(try directory.write(entries, isSynced: durability == .full))
                let archive = try SQLiteArchive(at: directory.path(of: "\(name)\(run).sqlite"))
                times.append(try commit(entries, to: archive, durability))
            }
            let (floor, sample) = (Measurement(floors), Measurement(times))
            report.add("commit, \(name)") { line in
                line.add("time", sample.median, .nanoseconds, spread: sample.spread)
                line.add("rate", 1e9 / sample.median, .perSecond)
                line.add("floor", floor.median, .nanoseconds, spread: floor.spread)
                line.add("time/floor", sample.median / floor.median, .times)
            }
        }
        try report.startUp(plan, directory)
        return report
    }

    /// Returns the time for an entry, in nanoseconds.
    private static func commit(_ entries: [SignedEntry], to archive: any Archive, _ durability: Durability) throws
        -> Double
    {
        let log = LogID.conversation(Fixtures.identity.peerID)
        let start = ProcessorClock.now
        for entry in entries {
            _ = try archive.append(
                ArchivedEntry(key: entry.key, bytes: entry.bytes), body: entry.entry.body, to: log,
                durability: durability)
            try archive.commit()
        }
        return Double(ProcessorClock.now - start) / Double(entries.count)
    }
}

extension MeasurementReport {
    /// Measures the opening of a log of 100,000 entries, as at the start of the program.
    fileprivate mutating func startUp(_ plan: Plan, _ directory: ScratchDirectory) throws {
        let count = plan.isQuick ? 10_000 : 100_000
        let path = directory.path(of: "large.sqlite")
        let log = LogID.conversation(Fixtures.identity.peerID)
        do {
            let archive = try SQLiteArchive(at: path)
            var lamport: UInt64 = 0
            // Only the names differ, not the signatures, which this measurement does not use.
            let template = Fixtures.entries(2)[1]
            for key in Fixtures.keys(count, seed: 2) {
                lamport += 1
                _ = try archive.append(
                    ArchivedEntry(key: EntryKey(lamport: lamport, id: key.id), bytes: template.bytes),
                    body: template.entry.body, to: log, durability: .normal)
                if lamport % 1_000 == 0 { try archive.commit() }
            }
            try archive.commit()
        }
        let bytes = Fixtures.entries(1)[0].bytes
        let flat = directory.path(of: "flat")
        try directory.fill(flat, with: bytes, times: count)
        var floors: [Double] = []
        var times: [Double] = []
        for _ in 0..<min(5, plan.runs) {
            var start = ProcessorClock.now
            File.read(flat) { use($0.count) }
            floors.append(Double(ProcessorClock.now - start))
            start = ProcessorClock.now
            let archive = try SQLiteArchive(at: path)
            let opened = try RoomLog(log: log, room: Fixtures.room, archive: archive)
            times.append(Double(ProcessorClock.now - start))
            guard opened.count == count else { throw Obstacle("\(opened.count) of \(count) entries are present") }
        }
        let (floor, sample) = (Measurement(floors), Measurement(times))
        add("start-up with \(count) entries") { line in
            line.add("time", sample.median, .nanoseconds, spread: sample.spread)
            line.add("floor", floor.median, .nanoseconds, spread: floor.spread)
            line.add("time/floor", sample.median / floor.median, .times)
        }
        remarks.append("The floor of start-up is reading a file with the same entries in sequence.")
    }
}

/// A directory for the files of a benchmark, on a disk by default.
struct ScratchDirectory {
    let path: String

    init(in parent: String = "/var/tmp") throws {
        let name = Array("\(parent)/earshot-bench.XXXXXX".utf8CString)
        let made = name.withUnsafeBufferPointer { name -> String? in
            let copy = strdup(name.baseAddress!)
            defer { free(copy) }
            guard let copy, mkdtemp(copy) != nil, let real = realpath(copy, nil) else { return nil }
            defer { free(real) }
            return String(cString: real)
        }
        guard let made else { throw Obstacle("cannot create a directory here: \(String(cString: strerror(errno)))") }
        path = made
    }

    func path(of name: String) -> String { "\(path)/\(name)" }

    func remove() { try? FileManager.default.removeItem(atPath: path) }

    /// Returns the time for a write, and for a sync if requested, in nanoseconds.
    func write(_ entries: [SignedEntry], isSynced: Bool) throws -> Double {
        let descriptor = open(path(of: "floor"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Obstacle("cannot create a file in \(path)") }
        defer { close(descriptor) }
        let start = ProcessorClock.now
        for entry in entries {
            let count = entry.bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
            guard count == entry.bytes.count else { throw Obstacle("the disk is full") }
            if isSynced { fdatasync(descriptor) }
        }
        return Double(ProcessorClock.now - start) / Double(entries.count)
    }

    func fill(_ file: String, with bytes: [UInt8], times: Int) throws {
        let descriptor = open(file, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Obstacle("cannot create a file in \(path)") }
        defer { close(descriptor) }
        for _ in 0..<times { _ = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) } }
    }
}
