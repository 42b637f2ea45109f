import CoreModel
import LocalNetwork
import Secure
import Wire

/// An action of a person at a given time.
struct ScriptedAct {
    enum Act {
        case say(String)
        case sayAtRelay(String)
        case tell(HostID, String)
        case nick(String)
        case away(String?)
        case quit
        case start
    }

    var at: Instant
    var host: HostID
    var act: Act
}

extension Trial {
    func makeScript(habits: [TrialSettings.Habit], random: inout RandomStream) -> [ScriptedAct] {
        var acts: [ScriptedAct] = []
        let span = UInt64(clamping: settings.turmoil.wholeNanoseconds)
        func time() -> Instant { Self.start + .nanoseconds(Int64(random.uniform(below: span))) }
        func anybody() -> HostID { HostID(Int(random.uniform(below: UInt64(settings.peers)))) }
        for number in 0..<random.uniform(below: UInt64(settings.messageCount + 1)) {
            let (host, other) = (anybody(), anybody())
            let isPrivate = host != other && random.unit() < 0.4
            let act = isPrivate ? ScriptedAct.Act.tell(other, "to \(other) #\(number)") : .say("#\(number)")
            acts.append(ScriptedAct(at: time(), host: host, act: act))
            // Some speak a lot in quick succession: their lines form a chain.
            if random.unit() < 0.1 {
                let start = time()
                for more in 1...Int(1 + random.uniform(below: 8)) {
                    acts.append(ScriptedAct(at: start, host: host, act: .say("#\(number).\(more)")))
                }
            }
        }
        for habit in habits {
            for _ in 0..<random.uniform(below: UInt64(settings.peers)) {
                let (host, start) = (anybody(), time())
                switch habit {
                case .lateJoining, .sharedNames, .lying, .relaying: break
                case .quitting:
                    acts.append(ScriptedAct(at: start, host: host, act: .quit))
                    acts.append(ScriptedAct(at: max(start, time()), host: host, act: .start))
                case .renaming:
                    let name = "nick\(random.uniform(below: UInt64(settings.peers)))"
                    acts.append(ScriptedAct(at: start, host: host, act: .nick(name)))
                case .beingAway:
                    acts.append(ScriptedAct(at: start, host: host, act: .away("at lunch")))
                    acts.append(ScriptedAct(at: max(start, time()), host: host, act: .away(nil)))
                }
            }
        }
        return Self.inOrder(acts)
    }

    /// Returns the acts in the order of time; those at the same time keep their order.
    static func inOrder(_ acts: [ScriptedAct]) -> [ScriptedAct] {
        acts.enumerated().sorted { ($0.element.at, $0.offset) < ($1.element.at, $1.offset) }.map(\.element)
    }

    func perform(_ act: ScriptedAct) {
        let host = act.host
        switch act.act {
        case .say(let text):
            witness.ledger.add(
                Said(text: text, author: host, isOffline: simulation.network.isUnplugged(host)))
            simulation.command(host, .say(text: text, kind: .text, room: nil))
        case .sayAtRelay(let text):
            witness.ledger.add(Said(text: text, author: host, isAtRelay: true))
            let relay = RoomName.relayLobby(relay: Neighbourhood.relayAddress)
            simulation.command(host, .say(text: text, kind: .text, room: relay))
        case .tell(let other, let text):
            witness.ledger.add(Said(text: text, author: host, recipient: other))
            simulation.command(host, .tell(to: "\(witness.peers[other.number])", text: text, kind: .text))
        case .nick(let name): simulation.command(host, .nick(name))
        case .away(let word): simulation.command(host, .away(word))
        case .quit: simulation.command(host, .quit(afterReceipts: false))
        case .start: simulation.perform(.restart(host))
        }
    }
}
