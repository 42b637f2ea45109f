import Foundation

/// One host of a run with real faults: its process, and what was said there however often it was started.
final class RealFaultHost {
    let number: Int
    let socket: FaultySocket
    let state: String
    private let arguments: [String]
    private(set) var process: EarshotProcess
    /// Processes that are over.
    private(set) var former: [EarshotProcess] = []
    /// Asked to quit, or killed, and not started again yet.
    var isDown = false
    /// What the process that runs now has told.
    private(set) var screen = RealFaultScreen()

    /// Its peer ID, from its first start on.
    private(set) var id: String?
    private(set) var ledger = RealFaultLedger()
    /// When it was on no network, or on another one than its own.
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

    /// Takes up what the process has said since the last time.
    func look() {
        let events = process.events
        for event in events.dropFirst(screen.seen) {
            screen.look(at: event)
            ledger.look(at: event, isAtHome: strays.isAtHome(at: event.time))
            if event["event"] == "ready" { id = event["id"] }
        }
        screen.seen = events.count
    }

    /// What is wrong with what it has said so far.
    var complaint: String? { screen.complaint ?? ledger.complaint }
}

/// What one process has told, as somebody in front of it knows it.
struct RealFaultScreen {
    /// How many of its events were looked at.
    var seen = 0
    /// What it is called now, as it says itself.
    private(set) var ownName: String?
    /// Who is here: the name by ID and place (`lan` or the relay's name).
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

/// What was accepted, kept and delivered on one host, by all processes that ran there.
struct RealFaultLedger {
    struct Line {
        let id: String
        let text: String
        let room: String
        /// Said where its author was at home, so that all others there must have it in the end.
        let isAtHome: Bool
    }

    private(set) var lines: [Line] = []
    /// Private messages that are kept for somebody: the command's number by the message's ID.
    private(set) var queued: [String: Int] = [:]
    private(set) var delivered: Set<String> = []
    /// Queued by the process that runs now, so it owes the news of their delivery.
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

/// When a host was not where it belongs. What is said then may stay there, or with nobody.
struct RealFaultStrays {
    private var since: Double?
    private var over: [ClosedRange<Double>] = []

    mutating func begin() { since = since ?? EarshotProcess.uptime() }

    /// What the process notices late counts as said elsewhere.
    mutating func end() {
        if let since { over.append(since...EarshotProcess.uptime() + 3) }
        since = nil
    }

    func isAtHome(at time: Double) -> Bool {
        if let since, time >= since { return false }
        return !over.contains { $0.contains(time) }
    }
}
