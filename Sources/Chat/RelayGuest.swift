import Secure
import Wire

/// A guest with plain text, as its link has it: the relay holds its key and says and hears everything for it.
struct RelayGuest {
    /// Named by what is awaited.
    enum Stage: Equatable {
        case awaitingName
        case awaitingPassword(Nickname)
        case member
    }

    /// Made for this connection; what the guest says is signed with it.
    let identity: Identity
    var stage = Stage.awaitingName
    var terminal = GuestTerminal()
    /// Names and passwords that were of no use.
    var failures = 0
    /// The Lamport time of what it said last: what waits for its time is in no log yet.
    var lamport: UInt64 = 0
    /// The same of what is private with members.
    var privateLamport: UInt64 = 0
    /// What is still to be sent, whole lines.
    var outgoing: [UInt8] = []

    /// After so many names and passwords that were of no use, the connection is closed.
    static let failureLimit = 10
    /// How long it may take to type a name and a password.
    static let joinTime = Duration.seconds(120)
    /// What was said last and is shown to who comes in, in lines.
    static let historyCount = 10
    /// Names in one answer to `/who`.
    static let whoCount = 500
}

/// All guests of a relay.
struct RelayGuests {
    /// Connections, those included that have not given a name.
    var count = 0
    /// Who is here by name, as those guests that are members have been told. Never walked.
    var shown: [PeerID: String] = [:]
    /// The last frame of entries and its lines: what goes to all guests is put into words once.
    var worded: (frame: [UInt8], lines: [UInt8]) = ([], [])
}

extension RelayMember {
    /// What guests are told of a change.
    /// - Parameter former: The name that they know; nil if they were not told.
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
        }
    }
}
