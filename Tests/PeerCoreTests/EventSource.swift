import CoreTestKit
import Secure
import Wire

@testable import CoreModel
@testable import LocalNetwork
@testable import PeerCore
@testable import RelayCore
@testable import RoomSync

/// A core with scripted others, and the events for its person.
protocol EventSource: AnyObject {
    var events: [Event] { get }
    func tell(_ input: Input)
}

extension PeerRig: EventSource {}
extension ScriptedRelay: EventSource {}

extension EventSource {
    func command(_ command: Command) { tell(.commanded(command, token: nil)) }

    var changes: [Event.PeerChange] { events.compactMap { if case .peer(let change) = $0 { change } else { nil } } }
    var remarks: [String] { changes.compactMap(\.remark) }
    var conversations: [Event.Conversation] {
        events.compactMap { if case .conversation(let conversation) = $0 { conversation } else { nil } }
    }
    var deliveries: [Event.Recipient] {
        events.compactMap { if case .delivery(_, let recipient, _) = $0 { recipient } else { nil } }
    }
    var failures: [Event.Failure] { events.compactMap { if case .failed(let failure) = $0 { failure } else { nil } } }
    var messages: [Event.Message] {
        events.compactMap { if case .message(let message) = $0 { message } else { nil } }
    }
    var histories: [[String]] {
        events.compactMap { if case .history(_, let messages) = $0 { messages.map(\.text) } else { nil } }
    }
    var presenceSummaries: [Event.PresenceSummary] {
        events.compactMap { if case .presenceSummary(let presenceSummary) = $0 { presenceSummary } else { nil } }
    }
    /// Lines for the person: notices and remarks.
    var notices: [String] {
        events.compactMap { event in
            switch event {
            case .notice(let text), .remark(let text, _): text
            default: nil
            }
        }
    }
}

extension TestMember {
    /// Returns the member's announcement on a LAN under another name.
    func announcement(_ name: String, sequence: UInt64) -> Frame {
        let announcement = Announcement(
            kind: .announce, peer: id, instance: 1, sequence: sequence, name: name, claimTime: 1, linkPort: 1)
        return .announcement(SignedAnnouncement(signing: announcement, by: identity).bytes)
    }
}
