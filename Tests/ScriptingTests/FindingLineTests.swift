import CoreModel
import Doctor
import JSON
import Scripting
import Testing
import Wire

@Suite("Findings as JSON lines")
struct FindingLineTests {
    @Test("a finding is one object, a cause has its sentence and its command, and the last line has the result")
    func lines() throws {
        // Nothing was observed, not even an interface.
        let diagnosis = Diagnosis(Facts())
        let finding = try #require(diagnosis.causes.first)
        #expect(
            String(decoding: FindingLine.bytes(finding), as: UTF8.self)
                == #"{"code":"no-network","status":"fail","text":"this machine has no network interface","#
                + #""cause":"There is only lo, which leads back to this machine: connect the machine to a network."}"#)
        #expect(
            String(decoding: FindingLine.end(diagnosis), as: UTF8.self)
                == #"{"result":"cause","code":"no-network","skipped":5}"#)
    }
}
