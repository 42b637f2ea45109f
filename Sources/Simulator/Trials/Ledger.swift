import CoreModel
import Secure
import Wire

/// One thing that somebody was told to say.
struct Said {
    var text: String
    var author: HostID
    /// Nil: everybody, on the LAN or at the relay.
    var recipient: HostID?
    var isAtRelay = false
    /// Set when its author showed it as said: from then on it must not be lost.
    var key: EntryKey?
    /// What its author had seen, as it was signed.
    var parents: [EntryID] = []
    /// Which start of its author's process said it.
    var start = 0
    /// Its author had no network then: it is said in a gathering of no place, which only the process that founded it can
    /// bring to one.
    var isOffline = false
    /// When, and its author's clock then, which may have jumped since.
    var at = Instant(nanoseconds: 0)
    var wall = WallTime(milliseconds: 0)
    /// Somebody else has shown it.
    var isOut = false
    /// Its author was told that the recipient has it.
    var isDelivered = false
}

/// All that was said in a run, by its text, of which each is used once.
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

    /// What must reach everybody, or the one it is for.
    var accepted: [Said] { entries.filter { $0.key != nil } }
}
