import RoomSync
import Secure
import Wire

/// A plain text guest, as its link knows it: the relay holds its key, and sends and receives everything for it.
struct RelayGuest {
    /// The stages of joining, each named after the input that it waits for.
    enum Stage: Equatable {
        case awaitingName
        case awaitingPassword(Nickname)
        case member
    }

    /// Generated for this connection; the guest's messages are signed with it.
    let identity: Identity
    var stage = Stage.awaitingName
    var terminal = GuestTerminal()
    /// The number of rejected names and passwords.
    var failures = 0
    /// The Lamport time of its last message: messages that are delayed by the rate limit are in no log yet.
    var lamport: UInt64 = 0
    /// The Lamport time of its last private message with a member.
    var privateLamport: UInt64 = 0
    /// The queued output, whole lines.
    var outgoing: [UInt8] = []

    /// The number of rejected names and passwords after which the connection is closed.
    static let failureLimit = 10
    /// The time within which a name and a password must be typed.
    static let joinTime = Duration.seconds(120)
    /// The number of earlier messages shown to a guest that joins.
    static let historyCount = 10
    /// The maximum number of names in one answer to `/who`.
    static let whoCount = 500
}

/// The state that all guests of a relay share.
struct RelayGuests {
    /// The maximum number of remembered names of members that left or changed their name, to point out a new holder.
    private static let formerNameCount = 10_000

    /// A member as guests know it.
    struct Shown: Equatable {
        var name: String
        var isGuest: Bool
    }

    /// The number of connections, including those that have not given a name.
    var count = 0
    /// The members present and their names, as guests last learned them. Never iterated.
    private var shown: [PeerID: Shown] = [:]
    /// The last holders of names (folded) that became free while there were guests.
    private var formerHolders: [String: PeerID] = [:]
    /// The last frame of entries and its lines, so that entries for all guests are formatted only once.
    var formatted: (frame: [UInt8], lines: [UInt8]) = ([], [])

    /// Replaces the members that guests know by the whole roster.
    mutating func show(_ roster: [RelayMember]) {
        shown = Dictionary(roster.map { ($0.peer, Shown($0)) }) { first, _ in first }
    }

    /// Returns whether guests know this member by this name.
    func isShown(_ peer: PeerID, as name: Nickname) -> Bool {
        shown[peer].flatMap { try? Nickname($0.name) } == name
    }

    /// Returns the line that announces a change to guests; nil if nothing is to be announced.
    mutating func line(of change: RelayMember) -> String? {
        let former = shown[change.peer]
        let isHere = change.state == .here
        shown[change.peer] = isHere ? Shown(change) : nil
        if let former, !isHere || former.name != change.name { noteFormer(former, of: change.peer) }
        guard let line = change.line(knownAs: former?.name) else { return nil }
        let isAnother = isHere && isTaken(change.name, by: change.peer)
        return isAnother ? "\(line) (not the same key as the \(change.name) of before)" : line
    }

    /// Remembers the former holder of a name. Guests have a new key each time, so a guest's name proves nothing later.
    private mutating func noteFormer(_ former: Shown, of peer: PeerID) {
        guard let folded = (try? Nickname(former.name))?.folded else { return }
        guard formerHolders[folded] != nil || formerHolders.count < Self.formerNameCount else { return }
        formerHolders[folded] = former.isGuest ? nil : peer
    }

    private func isTaken(_ name: String, by peer: PeerID) -> Bool {
        guard let folded = (try? Nickname(name))?.folded, let former = formerHolders[folded] else { return false }
        return former != peer
    }
}

extension RelayGuests.Shown {
    init(_ member: RelayMember) { self.init(name: member.name, isGuest: member.traits.contains(.isGuest)) }
}

extension RelayMember {
    /// Returns the line that announces a change to guests.
    /// - Parameter former: The name that guests know; nil if they were not told of the member.
    func line(knownAs former: String?) -> String? {
        switch (state, former) {
        case (.here, nil): "* \(name) joined"
        case (.here, name?): nil
        case (.here, let former?): "* \(former) is now \(name)"
        case (_, nil): nil
        case (.left, _): "* \(name) left"
        case (.lost, _): "* \(name) left (lost the connection)"
        case (.kicked, _): "* \(name) was removed"
        case (.banned, _): "* \(name) was banned"
        case (.other, _): "* \(name) is no longer here"
        }
    }
}
