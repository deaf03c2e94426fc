# tailwater_room(NAME [SOURCES ...] [TESTS ...] [ROOMS ...] [LIBRARIES ...])
#
# One library target per room. ROOMS are the rooms it may include (DESIGN: arrows), LIBRARIES are
# third-party. TESTS become one test program, NAME_test.
function(tailwater_room name)
  cmake_parse_arguments(ROOM "" "" "SOURCES;TESTS;ROOMS;LIBRARIES;TEST_LIBRARIES" ${ARGN})
  string(REPLACE "/" "_" target ${name})
  add_library(tailwater_${target} STATIC ${ROOM_SOURCES})
  target_include_directories(tailwater_${target} PUBLIC ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/include)
  target_compile_options(tailwater_${target} PRIVATE ${TAILWATER_WARNINGS})
  foreach(room IN LISTS ROOM_ROOMS)
    string(REPLACE "/" "_" room ${room})
    target_link_libraries(tailwater_${target} PUBLIC tailwater_${room})
  endforeach()
  target_link_libraries(tailwater_${target} PUBLIC ${ROOM_LIBRARIES})
  if(TAILWATER_TESTS AND ROOM_TESTS)
    add_executable(${target}_test ${ROOM_TESTS})
    target_compile_options(${target}_test PRIVATE ${TAILWATER_WARNINGS})
    target_link_libraries(${target}_test PRIVATE tailwater_${target} ${ROOM_TEST_LIBRARIES} GTest::gtest_main GTest::gmock)
    gtest_discover_tests(${target}_test TEST_PREFIX "${target}." DISCOVERY_TIMEOUT 60)
  endif()
endfunction()

set(TAILWATER_WARNINGS -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wnon-virtual-dtor
    -Woverloaded-virtual -Wnull-dereference -Werror)
