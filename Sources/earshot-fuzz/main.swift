import CFuzzer
import FuzzTargets
import Glibc

// The environment names the exercise, because libFuzzer starts itself again with arguments of its own.
let name = getenv("EARSHOT_FUZZ_TARGET").map { String(cString: $0) } ?? ""
guard let chosen = FuzzTarget(rawValue: name) else {
    let names = FuzzTarget.allCases.map(\.rawValue).joined(separator: ", ")
    fatalError("EARSHOT_FUZZ_TARGET must be one of \(names)")
}
/// The exercise for the callback, which as a C function captures nothing.
nonisolated(unsafe) var exercise = chosen

/// Runs one input. libFuzzer links against this name.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    exercise.run(Array(UnsafeBufferPointer(start: bytes, count: count)))
    return 0
}

var count = CommandLine.argc
var arguments: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>? = CommandLine.unsafeArgv
exit(LLVMFuzzerRunDriver(&count, &arguments) { testOneInput($0, $1) })
