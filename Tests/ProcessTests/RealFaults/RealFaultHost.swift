import Foundation

/// One host of a run with real faults: its process, and the messages of all its processes.
final class RealFaultHost {
    let number: Int
    let socket: FaultySocket
    let state: String
    private let arguments: [String]
    private(set) var process: EarshotProcess
    /// The processes that have exited.
    private(set) var former: [EarshotProcess] = []
    /// Asked to quit, or killed, and not started again yet.
    var isDown = false
    /// The events of the current process.
    private(set) var screen = RealFaultScreen()

    /// Its peer ID, known after its first start.
    private(set) var id: String?
    private(set) var ledger = RealFaultLedger()
    /// The times at which it was on no network, or on a foreign one.
    var strays = RealFaultStrays()

    init(_ number: Int, _ socket: FaultySocket, state: String, arguments: [String]) throws {
        self.number = number
        self.socket = socket
        self.state = state
        self.arguments = arguments
        process = try EarshotProcess("h\(number)", state: state, namespace: socket.namespace, arguments: arguments)
    }

    func start() throws {
        former.append(process)
        process = try EarshotProcess("h\(number)", state: state, namespace: socket.namespace, arguments: arguments)
        isDown = false
        screen = RealFaultScreen()
        ledger.started()
    }

    /// Processes the events since the last call.
    func look() {
        let events = process.events
        for event in events.dropFirst(screen.seen) {
            screen.look(at: event)
            ledger.look(at: event, isAtHome: strays.isAtHome(at: event.time))
            if event["event"] == "ready" { id = event["id"] }
        }
        screen.seen = events.count
    }

    /// A mistake in its events so far.
    var complaint: String? { screen.complaint ?? ledger.complaint }
}

/// The view of a person in front of one process.
struct RealFaultScreen {
    /// The number of its events that were processed.
    var seen = 0
    /// Its current name, as it reports.
    private(set) var ownName: String?
    /// The people present: the name by ID and place (`lan` or the relay's name).
    private(set) var present: [String: String] = [:]
    private var shown: Set<String> = []
    private(set) var complaint: String?

    mutating func look(at event: EarshotProcess.Event) {
        switch event["event"] {
        case "ready", "name": ownName = event["name"]
        case "message":
            guard let id = event["id"] else { return }
            if !shown.insert(id).inserted { complaint = "\"\(event["text"] ?? "")\" is shown twice" }
        case "peer": look(atPeer: event)
        case "error":
            if event["code"] == "storage" { complaint = "an error of its disk: \(event.fields)" }
        default: break
        }
    }

    private mutating func look(atPeer event: EarshotProcess.Event) {
        guard let peer = event["id"], let name = event["name"] else { return }
        let place = "\(peer) \(event["relay"] ?? "lan")"
        switch event["state"] {
        case "joined":
            if present.updateValue(name, forKey: place) != nil { complaint = "\(name) joins and was there" }
        case "renamed":
            if present.updateValue(name, forKey: place) != event["was"] {
                complaint = "\(event["was"] ?? "?") becomes \(name) and was not there under that name"
            }
        case "left":
            if present.removeValue(forKey: place) == nil { complaint = "\(name) leaves and was not there" }
        default: break
        }
    }
}

/// The messages that were accepted, stored and delivered on one host, by all its processes.
struct RealFaultLedger {
    struct Line {
        let id: String
        let text: String
        let room: String
        /// Sent while its author was at home, so that all others there must receive it in the end.
        let isAtHome: Bool
    }

    private(set) var lines: [Line] = []
    /// Private messages that await delivery: the command's number by the message's ID.
    private(set) var queued: [String: Int] = [:]
    private(set) var delivered: Set<String> = []
    /// Messages that the current process has queued, so it must report their delivery.
    private(set) var owed: Set<String> = []
    /// Private messages of others that were shown as new.
    private var shownAsNew: Set<String> = []
    private(set) var complaint: String?

    mutating func started() { owed = [] }

    mutating func look(at event: EarshotProcess.Event, isAtHome: Bool) {
        guard let id = event["id"] else { return }
        switch (event["event"], event["state"]) {
        case ("message", _):
            let isPrivate = event.fields["private"] as? Bool == true
            if event.fields["own"] as? Bool == true {
                guard !isPrivate, let text = event["text"], let room = event["room"] else { return }
                lines.append(Line(id: id, text: text, room: room, isAtHome: isAtHome))
            } else if isPrivate, event.fields["history"] as? Bool != true, !shownAsNew.insert(id).inserted {
                complaint = "the private \"\(event["text"] ?? "")\" is new twice"
            }
        case ("delivery", "queued"):
            owed.insert(id)
            if let reference = event.fields["ref"] as? Int { queued[id] = reference }
        case ("delivery", _):
            owed.remove(id)
            delivered.insert(id)
        default: break
        }
    }
}

/// The times at which a host was not at home. Messages from then may stay there, or be lost.
struct RealFaultStrays {
    private var since: Double?
    private var over: [ClosedRange<Double>] = []

    mutating func begin() { since = since ?? EarshotProcess.uptime() }

    /// Adds 3 s, for messages that the process sends before it notices the change.
    mutating func end() {
        if let since { over.append(since...EarshotProcess.uptime() + 3) }
        since = nil
    }

    func isAtHome(at time: Double) -> Bool {
        if let since, time >= since { return false }
        return !over.contains { $0.contains(time) }
    }
}
