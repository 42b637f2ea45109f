import CoreModel
import Secure
import Wire

/// A message that a person was made to say.
struct Said {
    var text: String
    var author: HostID
    /// The recipient; nil for everybody, on the LAN or at the relay.
    var recipient: HostID?
    var isAtRelay = false
    /// Set when its author showed it as said: it must not be lost from then on.
    var key: EntryKey?
    /// The entries that its author had seen, as signed.
    var parents: [EntryID] = []
    /// The number of the start of its author's process.
    var start = 0
    /// Whether its author had no network: the message belongs to a gathering without a place, which only the process
    /// that founded it can bring to one.
    var isOffline = false
    /// The time of the message, and its author's clock then, which may have jumped since.
    var at = Instant(nanoseconds: 0)
    var wall = WallTime(milliseconds: 0)
    /// Whether another peer has shown it.
    var isOut = false
    /// Whether its author was notified that the recipient has it.
    var isDelivered = false
}

/// All messages of a run, by text; each text is used once.
struct Ledger {
    private(set) var entries: [Said] = []
    private var placeByText: [String: Int] = [:]
    private var placeByID: [EntryID: Int] = [:]

    subscript(place: Int) -> Said {
        get { entries[place] }
        set {
            entries[place] = newValue
            if let id = newValue.key?.id { placeByID[id] = place }
        }
    }

    mutating func add(_ said: Said) {
        placeByText[said.text] = entries.count
        entries.append(said)
    }

    func place(of text: String) -> Int? { placeByText[text] }
    func place(of id: EntryID) -> Int? { placeByID[id] }

    /// The messages that must reach everybody, or their recipient.
    var accepted: [Said] { entries.filter { $0.key != nil } }
}
